"""Survey platforms: reading their exports, and writing simulated ones in the same shape."""

from trustmeasure.platforms.qualtrics.simulated import write_qualtrics
from trustmeasure.platforms.reading import read_responses
from trustmeasure.platforms.tables import write_table

__all__ = ["read_responses", "write_qualtrics", "write_table"]
