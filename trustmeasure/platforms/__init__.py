"""Survey platforms: definitions for them, their exports, and simulated ones in the same shape."""

from trustmeasure.platforms.exporting import export_instrument
from trustmeasure.platforms.importing import import_instrument
from trustmeasure.platforms.limesurvey.simulated import write_limesurvey
from trustmeasure.platforms.qualtrics.simulated import write_qualtrics
from trustmeasure.platforms.reading import read_responses
from trustmeasure.platforms.redcap.simulated import write_redcap
from trustmeasure.platforms.tables import write_table
from trustmeasure.platforms.xlsform.simulated import write_kobo

__all__ = [
    "export_instrument",
    "import_instrument",
    "read_responses",
    "write_kobo",
    "write_limesurvey",
    "write_qualtrics",
    "write_redcap",
    "write_table",
]
