"""Questionnaires on paper: documents for word processors, and Markdown."""
