"""Commands about the instruments themselves."""

from __future__ import annotations

from typing import Annotated

import typer

import trustmeasure as tm
from trustmeasure.cli.printing import print_frame

instruments_app = typer.Typer(
    invoke_without_command=True, no_args_is_help=False, help="List the instruments, or show one."
)


@instruments_app.callback()
def instruments(context: typer.Context) -> None:
    """List the instruments that come with the package."""
    if context.invoked_subcommand is None:
        columns = ["title", "level", "n_items", "n_scales", "text", "status"]
        print_frame(tm.list_instruments()[columns].reset_index(), "Instruments")


@instruments_app.command("show")
def show_instrument(
    instrument: Annotated[str, typer.Argument(help="Id of a shipped instrument, or a file.")],
    language: Annotated[str, typer.Option(help="Language of the texts.")] = "en",
) -> None:
    """Print the items, keying and reference of an instrument."""
    found = tm.load_instrument(instrument)
    frame = found.to_frame(language=language).reset_index()
    print_frame(frame[["item", "text", "min", "max", "reverse", "facet", "scales"]], found.name)
    typer.echo(f"Version {found.version}, {found.status}. Licence: {found.licence}")
    if found.citation is not None:
        typer.echo(found.cite())
