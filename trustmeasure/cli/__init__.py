"""The command line: parses, calls public functions, prints. Nothing is computed here.

Exit codes: 0 done; 1 the data or the instrument is at fault (the message is on standard
error, nothing was written); 2 the command was not understood.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import trustmeasure as tm
from trustmeasure.cli import answers, samples
from trustmeasure.cli.instruments import instruments_app
from trustmeasure.cli.printing import say_error

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Measure trust and psychological safety: from a survey export to a report.",
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"trustmeasure {tm.__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and stop.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Measure trust and psychological safety: from a survey export to a report."""


app.command()(samples.demo)
app.add_typer(instruments_app, name="instruments")
app.command()(answers.inspect)
app.command()(answers.score)
app.command()(answers.reliability)
app.command()(answers.report)
app.command()(samples.simulate)


def main() -> None:
    """Run the command line, and turn the library's errors into messages and exit codes."""
    import warnings

    # Warnings belong to people here: one line each, without the source line of the library.
    warnings.showwarning = lambda message, *_args, **_kwargs: typer.echo(
        f"Warning: {message}", err=True
    )
    try:
        app()
    except tm.OptionError as error:
        say_error(error)
        sys.exit(2)
    except (tm.TrustMeasureError, OSError) as error:
        say_error(error)
        sys.exit(1)
