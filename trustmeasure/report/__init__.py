"""Reports: one self-contained page each, and the demo that makes both."""

from trustmeasure.report.demo import write_demo
from trustmeasure.report.team import team_report
from trustmeasure.report.validation import validation_report

__all__ = ["team_report", "validation_report", "write_demo"]
