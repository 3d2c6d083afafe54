"""How the commands read answers: the options that they share, and what these lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import trustmeasure as tm

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
IncludeText = Annotated[
    bool | None,
    typer.Option(
        "--include-text/--ids-only",
        help="Show item wordings; by default only where the instrument ships with its own.",
    ),
]
Force = Annotated[bool, typer.Option(help="Replace files that exist.")]

READING = (
    "export", "instrument", "respondent", "cluster", "wave", "platform", "column",
    "missing_code", "keep_unfinished", "keep_previews",
)  # fmt: skip


def reading(arguments: dict[str, Any]) -> dict[str, Any]:
    """Pick the options about reading out of a command's arguments."""
    return {name: arguments[name] for name in READING if name in arguments}


def read(
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
    """Read an export as the options say."""
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
        missing_codes=[number(code) for code in missing_code or ()],
        unfinished="keep" if keep_unfinished else "drop",
        previews="keep" if keep_previews else "drop",
    )


def number(text: str) -> Any:
    """Read a number where the text is one: '3' a count, '0.5' a share, 'n/a' itself."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
