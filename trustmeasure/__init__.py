"""Measure trust and psychological safety, from a survey export to a report."""

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
from trustmeasure.instruments import (
    Instrument,
    Item,
    ResponseSet,
    Scale,
    build_instrument,
    list_instruments,
    load_instrument,
)
from trustmeasure.quality import missingness
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores, score, score_frame

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
    "build_instrument",
    "list_instruments",
    "load_instrument",
    "missingness",
    "score",
    "score_frame",
]
