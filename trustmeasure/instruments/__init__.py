"""Instruments: what they are, and how they are listed, loaded and built."""

from trustmeasure.instruments.citations import Citation
from trustmeasure.instruments.library import build_instrument, list_instruments, load_instrument
from trustmeasure.instruments.models import (
    Construct,
    Evidence,
    Facet,
    Form,
    Instrument,
    Item,
    ResponseSet,
    Scale,
    Translation,
)
from trustmeasure.instruments.validation import Problem, Validation, validate_instrument

__all__ = [
    "Citation",
    "Construct",
    "Evidence",
    "Facet",
    "Form",
    "Instrument",
    "Item",
    "Problem",
    "ResponseSet",
    "Scale",
    "Translation",
    "Validation",
    "build_instrument",
    "list_instruments",
    "load_instrument",
    "validate_instrument",
]
