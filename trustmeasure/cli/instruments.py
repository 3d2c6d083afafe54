"""Commands about the instruments themselves: list, show, validate, import, export."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

import trustmeasure as tm
from trustmeasure._files import neutralise, refuse_existing, write_csv, write_whole
from trustmeasure.cli.printing import print_frame
from trustmeasure.cli.reading import Force, IncludeText, MissingCodes, number
from trustmeasure.instruments import Problem

instruments_app = typer.Typer(
    invoke_without_command=True,
    no_args_is_help=False,
    help="List the instruments; show, validate, import or export one.",
)

InstrumentName = Annotated[str, typer.Argument(help="Id of a shipped instrument, or a file.")]
Language = Annotated[str, typer.Option(help="Language of the texts.")]
Referent = Annotated[
    str | None, typer.Option(help="Who is rated, in words: 'our ward'. By default the first one.")
]
Form = Annotated[str | None, typer.Option(help="One form only, of an instrument that has several.")]
Wordings = Annotated[
    Path | None, typer.Option("--text", help="CSV (id, text) with wordings that you may use.")
]
Licensed = Annotated[
    bool, typer.Option("--licensed", help="You hold the licence that the wordings require.")
]


class TableShape(StrEnum):
    """The shape in which a codebook is written as a table."""

    csv = "csv"
    markdown = "markdown"


class Definition(StrEnum):
    """Where a survey definition comes from."""

    qualtrics = "qualtrics"
    redcap = "redcap"
    limesurvey = "limesurvey"
    xlsform = "xlsform"


class Target(StrEnum):
    """What an instrument is exported to."""

    qualtrics = "qualtrics"
    redcap = "redcap"
    limesurvey = "limesurvey"
    xlsform = "xlsform"
    docx = "docx"
    markdown = "markdown"
    json = "json"


@instruments_app.callback()
def instruments(context: typer.Context) -> None:
    """List the instruments; show, validate, import or export one."""
    if context.invoked_subcommand is None:
        columns = ["title", "level", "n_items", "n_scales", "text", "status"]
        print_frame(tm.list_instruments()[columns].reset_index(), "Instruments")


@instruments_app.command("show")
def show_instrument(
    instrument: InstrumentName,
    language: Language = "en",
    referent: Referent = None,
    form: Form = None,
    text: Wordings = None,
    licensed: Licensed = False,
    include_text: IncludeText = None,
    shape: Annotated[
        TableShape | None, typer.Option("--as", help="The items as a table instead.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the table (.csv or .md).")
    ] = None,
    force: Force = False,
) -> None:
    """Print the codebook of an instrument: what is asked, how it is answered and scored."""
    from trustmeasure.cli.codebook import print_codebook

    known = _load(instrument, form, text, licensed)
    if not known.shows_text(include_text):
        known = known.without_text()
    if output is None and shape is None:
        print_codebook(known, language=language, referent=referent)
        return
    book = known.to_codebook(language=language, referent=referent).reset_index()
    shape = shape or _shape_of(output)
    if output is None:
        typer.echo(_markdown(book) if shape is TableShape.markdown else _csv(book), nl=False)
        return
    refuse_existing(output, overwrite=force, how="--force")
    if shape is TableShape.markdown:
        write_whole(output, _markdown(book), overwrite=force)
    else:
        write_csv(book, output, overwrite=force)
    typer.echo(f"Written: {output}")


@instruments_app.command("validate")
def validate(
    instrument: Annotated[str, typer.Argument(help="An instrument file, or an id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Report all problems of an instrument file at once, each with its line and place.

    Errors keep the file from loading (exit code 1); warnings ask for a second look.
    """
    # Whatever is named here is meant as a file, also without the ending of one.
    named: str | Path = Path(instrument) if Path(instrument).is_file() else instrument
    found = tm.validate_instrument(named)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        for problem in found.problems:
            typer.echo(_said(problem), err=problem.level == "error")
        typer.echo(found.summary(), err=not found.ok)
    if not found.ok:
        raise typer.Exit(1)


@instruments_app.command("import")
def import_definition(
    definition: Annotated[
        Path, typer.Argument(help="QSF, REDCap dictionary, LimeSurvey .lss or TSV, or XLSForm.")
    ],
    platform: Annotated[
        Definition | None, typer.Option(help="Where it comes from; detected by default.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Instrument file (.yaml or .json).")
    ] = None,
    id: Annotated[str | None, typer.Option(help="Id; by default made of the file's name.")] = None,
    missing_code: MissingCodes = None,
    force: Force = False,
) -> None:
    """Make an instrument of a platform's survey definition."""
    from trustmeasure.cli.codebook import print_codebook

    if output is not None:
        refuse_existing(output, overwrite=force, how="--force")
    # The file's name is the id, so that one finds the other.
    made = tm.import_instrument(
        definition,
        platform.value if platform else None,
        missing_codes=[number(code) for code in missing_code or ()],
        id=id if id is not None or output is None else _id_of(output),
    )
    if output is None:
        texts = [*(item.text for item in made.items), made.title]
        language = next((tag for text in texts for tag in text), "en")
        print_codebook(made, language=language, referent=None)
        typer.echo("\nNothing was written. To keep it: -o my-survey.yaml")
        return
    made.save(output, overwrite=force)
    typer.echo(
        f"Written: {output} ({len(made.items)} items, {len(made.scales)} scales). What was left "
        "out stands in its notes."
    )
    if made.items:
        typer.echo(
            "Next: mark the reversed items in it (reverse: true), remove their confirmed: false, "
            f"and run: trustmeasure instruments validate {output}"
        )


@instruments_app.command("export")
def export_definition(
    instrument: InstrumentName,
    to: Annotated[Target, typer.Option("--to", help="Survey platform, or kind of file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    language: Language = "en",
    referent: Referent = None,
    form: Form = None,
    text: Wordings = None,
    licensed: Licensed = False,
    include_text: IncludeText = None,
    force: Force = False,
) -> None:
    """Write an instrument for a survey platform, or to be printed."""
    refuse_existing(output, overwrite=force, how="--force")
    known = _load(instrument, form, text, licensed)
    written = tm.export_instrument(
        known,
        output,
        platform=to.value,
        referent=referent,
        language=language,
        include_text=include_text,
        overwrite=force,
    )
    typer.echo(f"Written: {written} ({len(known.items)} items)")


# -- shared parts ----------------------------------------------------------------------------


def _said(problem: Problem) -> str:
    text = str(problem)
    return text[0].upper() + text[1:]


def _load(name: str, form: str | None, text: Path | None, licensed: bool) -> tm.Instrument:
    known = tm.load_instrument(name)
    if text is not None:
        known = known.with_text(text, licensed=licensed)
    return known.form(form) if form is not None else known


def _shape_of(output: Path | None) -> TableShape:
    markdown = output is not None and output.suffix.lower() in (".md", ".markdown")
    return TableShape.markdown if markdown else TableShape.csv


def _id_of(output: Path) -> str | None:
    """Take the file's name as the id, where it can be one."""
    import re

    return output.stem if re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", output.stem) else None


def _csv(book: pd.DataFrame) -> str:
    return book.map(neutralise).to_csv(index=False, lineterminator="\n")


def _markdown(book: pd.DataFrame) -> str:
    from trustmeasure.tables.text import escape_markdown

    rows = [[("" if pd.isna(cell) else str(cell)) for cell in row] for row in book.to_numpy()]
    lines = [list(book.columns), ["---"] * len(book.columns)]
    lines += [[escape_markdown(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
