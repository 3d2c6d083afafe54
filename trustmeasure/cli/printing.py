"""What the commands print: tables, notes, and errors in the words of the command line."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table


def console() -> Console:
    """Give the place to print to."""
    # A pipe has no width; a narrow default would break the rows that scripts read.
    return Console(width=None if sys.stdout.isatty() else 140, highlight=False)


def print_frame(frame: pd.DataFrame, title: str) -> None:
    """Print a table with its title."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[name].dtype)
        table.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(cell(value) for value in row))
    console().print(table)


def cell(value: Any) -> str:
    """Write a value as text; nothing where there is none."""
    from rich.markup import escape

    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    return escape(str(value))


def print_notes(messages: tuple[str, ...]) -> None:
    """Print what a result says about itself."""
    for message in messages:
        typer.echo(f"Note: {message}")


# How the library's arguments, which its messages name, are called here.
_CALLED = {
    "missing_codes=": "--missing-code CODE",
    "columns=": "--column ITEM=COLUMN",
    "cluster=": "--cluster COLUMN",
    "respondent=": "--respondent COLUMN",
    "wave=": "--wave COLUMN, or --at WAVE for the one to report",
    "confirm_keying=": "--confirm-keying",
    "with_key(": "for Python only; save() the instrument with your key and name its file",
    "min_cluster_size=": "--min-cluster-size NUMBER",
    "recode=": "for Python only",
    "referent=": "--referent WORDS",
    "include_text=": "--include-text",
    "licensed=": "--licensed",
    "with_text(": "--text FILE.csv",
    ".form(": "--form FORM",
}


def say_error(error: Exception) -> None:
    """Print a message, and how to do here what it advises."""
    message = str(error)
    called = [
        f"{name.removesuffix('(')} is {option}"
        for name, option in _CALLED.items()
        if name in message
    ]
    typer.echo(f"Error: {message}", err=True)
    if called:
        typer.echo(f"On the command line, {'; '.join(called)}.", err=True)
