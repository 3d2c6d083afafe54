"""Tables in APA style, from results to HTML, Markdown and LaTeX."""

from trustmeasure.tables.dispatch import adequacy_table, item_table, reliability_overview, table
from trustmeasure.tables.model import Table

__all__ = ["Table", "adequacy_table", "item_table", "reliability_overview", "table"]
