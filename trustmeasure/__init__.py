"""Measure trust and psychological safety, from a survey export to a report."""

from trustmeasure.agreement import aggregate, group_icc, rwg, rwg_j
from trustmeasure.errors import (
    ConvergenceError,
    ConvergenceWarning,
    DataError,
    DataWarning,
    InstrumentError,
    InstrumentWarning,
    MissingExtraError,
    OptionError,
    TrustMeasureError,
    TrustMeasureWarning,
)
from trustmeasure.examples import example_path
from trustmeasure.exploratory import bartlett_sphericity, efa, kmo, parallel_analysis
from trustmeasure.instruments import (
    Instrument,
    Item,
    ResponseSet,
    Scale,
    build_instrument,
    list_instruments,
    load_instrument,
)
from trustmeasure.platforms import read_responses
from trustmeasure.quality import missingness
from trustmeasure.reliability import cronbach_alpha, item_analysis, mcdonald_omega
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores, score, score_frame
from trustmeasure.simulate import simulate_responses
from trustmeasure.tables import table

__version__ = "0.1.0"

__all__ = [
    "ConvergenceError",
    "ConvergenceWarning",
    "DataError",
    "DataWarning",
    "Instrument",
    "InstrumentError",
    "InstrumentWarning",
    "Item",
    "MissingExtraError",
    "OptionError",
    "ResponseSet",
    "Responses",
    "Scale",
    "Scores",
    "TrustMeasureError",
    "TrustMeasureWarning",
    "aggregate",
    "bartlett_sphericity",
    "build_instrument",
    "cronbach_alpha",
    "efa",
    "example_path",
    "group_icc",
    "item_analysis",
    "kmo",
    "list_instruments",
    "load_instrument",
    "mcdonald_omega",
    "missingness",
    "parallel_analysis",
    "read_responses",
    "rwg",
    "rwg_j",
    "score",
    "score_frame",
    "simulate_responses",
    "table",
]
