"""The command line: parses, calls public functions, prints. Nothing is computed here.

Exit codes: 0 done; 1 the data or the instrument is at fault (the message is on standard
error, nothing was written); 2 the command was not understood.
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

import trustmeasure as tm
from trustmeasure._files import refuse_existing, write_csv

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Measure trust and psychological safety: from a survey export to a report.",
)
instruments_app = typer.Typer(
    invoke_without_command=True, no_args_is_help=False, help="List the instruments, or show one."
)
app.add_typer(instruments_app, name="instruments")


class Audience(StrEnum):
    """For whom a report is written."""

    evaluator = "evaluator"
    methodologist = "methodologist"


class Shape(StrEnum):
    """The shape in which simulated answers are written."""

    qualtrics = "qualtrics"
    csv = "csv"


Export = Annotated[Path, typer.Argument(help="The survey export: CSV, TSV or XLSX.")]
InstrumentId = Annotated[
    str, typer.Option("--instrument", "-i", help="Id of a shipped instrument, or a file.")
]
Respondent = Annotated[str | None, typer.Option(help="Column with the id of each person.")]
Cluster = Annotated[str | None, typer.Option(help="Column with the team of each person.")]
Wave = Annotated[str | None, typer.Option(help="Column with the time of measurement.")]
Platform = Annotated[str | None, typer.Option(help="Survey platform; detected by default.")]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", help="ITEM=COLUMN where they cannot be matched; repeatable."),
]
MissingCodes = Annotated[
    list[str] | None,
    typer.Option("--missing-code", help="A value that stands for no answer; repeatable."),
]
KeepUnfinished = Annotated[bool, typer.Option(help="Keep people who did not finish.")]
KeepPreviews = Annotated[bool, typer.Option(help="Keep previews of the survey.")]
ConfirmKeying = Annotated[
    bool, typer.Option(help="Accept keying that could not be verified, after checking it yourself.")
]
Force = Annotated[bool, typer.Option(help="Replace files that exist.")]


# -- commands -----------------------------------------------------------------------------------


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


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("trustmeasure-demo"),
    force: Force = False,
) -> None:
    """Run the whole journey on real trust data and on a simulated team export."""
    from trustmeasure.report import write_demo

    for path, what in write_demo(out, overwrite=force).items():
        typer.echo(f"{what}\n    {path}")
    typer.echo(f"\nEverything is in {out.resolve()}")


@instruments_app.callback()
def instruments(context: typer.Context) -> None:
    """List the instruments that come with the package."""
    if context.invoked_subcommand is None:
        columns = ["title", "level", "n_items", "n_scales", "text", "status"]
        _print_frame(tm.list_instruments()[columns].reset_index(), "Instruments")


@instruments_app.command("show")
def show_instrument(
    instrument: Annotated[str, typer.Argument(help="Id of a shipped instrument, or a file.")],
    language: Annotated[str, typer.Option(help="Language of the texts.")] = "en",
) -> None:
    """Print the items, keying and reference of an instrument."""
    found = tm.load_instrument(instrument)
    frame = found.to_frame(language=language).reset_index()
    _print_frame(frame[["item", "text", "min", "max", "reverse", "facet", "scales"]], found.name)
    typer.echo(f"Version {found.version}, {found.status}. Licence: {found.licence}")
    if found.citation is not None:
        typer.echo(found.cite())


@app.command()
def inspect(
    export: Export,
    instrument: InstrumentId,
    respondent: Respondent = None,
    cluster: Cluster = None,
    wave: Wave = None,
    platform: Platform = None,
    column: Columns = None,
    missing_code: MissingCodes = None,
    keep_unfinished: KeepUnfinished = False,
    keep_previews: KeepPreviews = False,
) -> None:
    """Say how an export is understood: platform, columns, what is dropped. Writes nothing."""
    responses = _read(**_reading(locals()))
    typer.echo(f"{responses.n} persons, platform: {responses.platform}")
    matched = pd.DataFrame(
        {
            "item": list(responses.column_map),
            "column": list(responses.column_map.values()),
            "answered": [int(responses.data[i].notna().sum()) for i in responses.column_map],
        }
    )
    _print_frame(matched, "Items and their columns")
    _print_frame(responses.log.to_frame(), "What reading did")


@app.command()
def score(
    export: Export,
    instrument: InstrumentId,
    output: Annotated[Path, typer.Option("--output", "-o", help="CSV to write.")],
    respondent: Respondent = None,
    cluster: Cluster = None,
    wave: Wave = None,
    platform: Platform = None,
    column: Columns = None,
    missing_code: MissingCodes = None,
    keep_unfinished: KeepUnfinished = False,
    keep_previews: KeepPreviews = False,
    confirm_keying: ConfirmKeying = False,
    method: Annotated[str | None, typer.Option(help="mean, sum or pomp.")] = None,
    min_valid: Annotated[
        str | None, typer.Option(help="Least answers: a count (3) or a share (0.5).")
    ] = None,
    force: Force = False,
) -> None:
    """Score an export: one row a person, one column a scale."""
    refuse_existing(output, overwrite=force, how="--force")
    scores = tm.score(
        _read(**_reading(locals())),
        method=method,  # type: ignore[arg-type]  # likewise
        min_valid=None if min_valid is None else _number(min_valid),
        confirm_keying=confirm_keying,
    )
    write_csv(scores.to_frame(), output, overwrite=force)
    _print_frame(scores.describe().reset_index(), "Scores")
    _print_notes(scores.warnings)
    typer.echo(f"Written: {output}")


@app.command()
def reliability(
    export: Export,
    instrument: InstrumentId,
    platform: Platform = None,
    column: Columns = None,
    missing_code: MissingCodes = None,
    keep_unfinished: KeepUnfinished = False,
    keep_previews: KeepPreviews = False,
    confirm_keying: ConfirmKeying = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print alpha and omega of every scale, and how each item does."""
    scores = tm.score(_read(**_reading(locals())), confirm_keying=confirm_keying)
    found: dict[str, dict[str, Any]] = {}
    for scale in scores.scale_ids:
        try:
            found[scale] = {"alpha": tm.cronbach_alpha(scores, scale=scale)}
            if len(scores.instrument.scale(scale).items) >= 3:
                found[scale]["omega"] = tm.mcdonald_omega(scores, scale=scale)
        except tm.DataError as error:
            if len(scores.scale_ids) == 1:
                raise
            what = "Omega" if scale in found else "Alpha"
            typer.echo(f"{what} of {scale} could not be computed. {error}", err=True)
    if not found:
        raise tm.DataError("No scale has a reliability that could be computed.")
    if as_json:
        plain = {s: {name: r.to_dict() for name, r in part.items()} for s, part in found.items()}
        typer.echo(json.dumps(plain, indent=2, ensure_ascii=False))
        return
    rows = []
    for scale, part in found.items():
        alpha, omega = part["alpha"], part.get("omega")
        row = {"scale": scale, "n": alpha.n, "alpha": alpha.estimate}
        row |= {"alpha low": alpha.ci_low, "alpha high": alpha.ci_high}
        if omega is not None:
            row |= {"omega": omega.omega_total, "omega low": omega.ci_low}
            row |= {"omega high": omega.ci_high}
        rows.append(row)
    _print_frame(pd.DataFrame(rows), "Reliability (95% intervals)")
    for scale, part in found.items():
        columns = ["n", "mean", "sd", "r_drop", "alpha_drop"]
        _print_frame(part["alpha"].items[columns].rename_axis("item").reset_index(), scale)
        _print_notes(part["alpha"].warnings)


@app.command()
def report(
    export: Export,
    instrument: InstrumentId,
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML file to write.")],
    audience: Annotated[
        Audience, typer.Option("--for", help="Who reads it.")
    ] = Audience.methodologist,
    respondent: Respondent = None,
    cluster: Cluster = None,
    wave: Wave = None,
    platform: Platform = None,
    column: Columns = None,
    missing_code: MissingCodes = None,
    keep_unfinished: KeepUnfinished = False,
    keep_previews: KeepPreviews = False,
    confirm_keying: ConfirmKeying = False,
    min_cluster_size: Annotated[int, typer.Option(help="Teams below this are not shown.")] = 5,
    at: Annotated[
        str | None, typer.Option(help="With several waves: the one that a team report is about.")
    ] = None,
    force: Force = False,
) -> None:
    """Write a report: a team report for an evaluator, a validation report for a methodologist."""
    refuse_existing(output, overwrite=force, how="--force")
    responses = _read(**_reading(locals()))
    if audience is Audience.evaluator:
        tm.team_report(
            responses,
            output,
            wave=at,
            min_cluster_size=min_cluster_size,
            confirm_keying=confirm_keying,
            overwrite=force,
        )
    else:
        tm.validation_report(responses, output, confirm_keying=confirm_keying, overwrite=force)
    typer.echo(f"Written: {output}")


@app.command()
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
    from trustmeasure.platforms import write_qualtrics, write_table

    refuse_existing(output, overwrite=force, how="--force")
    responses = tm.simulate_responses(
        tm.load_instrument(instrument),
        n=n,
        n_clusters=clusters,
        icc=icc if clusters else 0.0,
        missing=missing,
        rng=seed,
    )
    write = write_qualtrics if shape is Shape.qualtrics else write_table
    write(responses, output, labels=labels, overwrite=force)
    typer.echo(f"Written: {output} (simulated: {n} persons)")


# -- shared parts -------------------------------------------------------------------------------

_READING = (
    "export", "instrument", "respondent", "cluster", "wave", "platform", "column",
    "missing_code", "keep_unfinished", "keep_previews",
)  # fmt: skip


def _reading(arguments: dict[str, Any]) -> dict[str, Any]:
    """Pick the options about reading out of a command's arguments."""
    return {name: arguments[name] for name in _READING if name in arguments}


def _read(
    export: Path,
    instrument: str,
    *,
    respondent: str | None = None,
    cluster: str | None = None,
    wave: str | None = None,
    platform: str | None = None,
    column: list[str] | None = None,
    missing_code: list[str] | None = None,
    keep_unfinished: bool = False,
    keep_previews: bool = False,
) -> tm.Responses:
    columns: dict[str, str] = {}
    for pair in column or ():
        item, sign, name = pair.partition("=")
        if not sign or not item or not name:
            raise typer.BadParameter(
                f"'{pair}' is not of the form ITEM=COLUMN.", param_hint="--column"
            )
        columns[item.strip()] = name.strip()
    return tm.read_responses(
        export,
        tm.load_instrument(instrument),
        respondent=respondent,
        cluster=cluster,
        wave=wave,
        platform=platform,  # type: ignore[arg-type]  # checked, with the allowed ones listed
        columns=columns or None,
        missing_codes=[_number(code) for code in missing_code or ()],
        unfinished="keep" if keep_unfinished else "drop",
        previews="keep" if keep_previews else "drop",
    )


def _number(text: str) -> Any:
    """Read a number where the text is one: '3' a count, '0.5' a share, 'n/a' itself."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _console() -> Console:
    # A pipe has no width; a narrow default would break the rows that scripts read.
    return Console(width=None if sys.stdout.isatty() else 140, highlight=False)


def _print_frame(frame: pd.DataFrame, title: str) -> None:
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[name].dtype)
        table.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    _console().print(table)


def _cell(value: Any) -> str:
    from rich.markup import escape

    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    return escape(str(value))


def _print_notes(messages: tuple[str, ...]) -> None:
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
    "min_cluster_size=": "--min-cluster-size NUMBER",
    "recode=": "for Python only",
}


def _say_error(error: Exception) -> None:
    """Print a message, and how to do here what it advises."""
    message = str(error)
    called = [f"{name} is {option}" for name, option in _CALLED.items() if name in message]
    typer.echo(f"Error: {message}", err=True)
    if called:
        typer.echo(f"On the command line, {'; '.join(called)}.", err=True)


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
        _say_error(error)
        sys.exit(2)
    except (tm.TrustMeasureError, OSError) as error:
        _say_error(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
