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

__all__ = [
    "Citation",
    "Construct",
    "Evidence",
    "Facet",
    "Form",
    "Instrument",
    "Item",
    "ResponseSet",
    "Scale",
    "Translation",
    "build_instrument",
    "list_instruments",
    "load_instrument",
]
