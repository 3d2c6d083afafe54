"""Survey platforms: definitions for them, their exports, and simulated ones in the same shape."""

from trustmeasure.platforms.exporting import export_instrument
from trustmeasure.platforms.qualtrics.simulated import write_qualtrics
from trustmeasure.platforms.reading import read_responses
from trustmeasure.platforms.tables import write_table

__all__ = ["export_instrument", "read_responses", "write_qualtrics", "write_table"]
