"""Commands that bring data of their own: the demo, and simulated answers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import trustmeasure as tm
from trustmeasure._files import refuse_existing
from trustmeasure.cli.reading import Force


class Shape(StrEnum):
    """The shape in which simulated answers are written."""

    qualtrics = "qualtrics"
    redcap = "redcap"
    limesurvey = "limesurvey"
    kobo = "kobo"
    csv = "csv"


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("trustmeasure-demo"),
    force: Force = False,
) -> None:
    """Run the whole journey on real trust data and on a simulated team export."""
    from trustmeasure.report import write_demo

    for path, what in write_demo(out, overwrite=force).items():
        typer.echo(f"{what}\n    {path}")
    typer.echo(f"\nEverything is in {out.resolve()}")


def simulate(
    instrument: Annotated[str, typer.Argument(help="Id of a shipped instrument, or a file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    n: Annotated[int, typer.Option(help="Persons.")] = 200,
    clusters: Annotated[int | None, typer.Option(help="Teams.")] = None,
    icc: Annotated[float, typer.Option(help="Share of variance between teams.")] = 0.1,
    missing: Annotated[float, typer.Option(help="Share of answers left out.")] = 0.0,
    shape: Annotated[Shape, typer.Option("--as", help="Shape of the file.")] = Shape.qualtrics,
    labels: Annotated[bool, typer.Option(help="Write labels instead of codes.")] = False,
    seed: Annotated[int | None, typer.Option(help="Seed, for the same answers again.")] = None,
    force: Force = False,
) -> None:
    """Write simulated answers to an instrument, marked as simulated, to try things out."""
    from trustmeasure import platforms

    refuse_existing(output, overwrite=force, how="--force")
    responses = tm.simulate_responses(
        tm.load_instrument(instrument),
        n=n,
        n_clusters=clusters,
        icc=icc if clusters else 0.0,
        missing=missing,
        rng=seed,
    )
    write = getattr(platforms, "write_table" if shape is Shape.csv else f"write_{shape.value}")
    write(responses, output, labels=labels, overwrite=force)
    typer.echo(f"Written: {output} (simulated: {n} persons)")
