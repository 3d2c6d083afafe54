"""Commands that take an export: how it is understood, its scores, their reliability, a report."""

from __future__ import annotations

import json
import math
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import trustmeasure as tm
from trustmeasure._files import refuse_existing, write_csv
from trustmeasure.cli.printing import print_frame, print_notes
from trustmeasure.cli.reading import (
    Cluster,
    Columns,
    ConfirmKeying,
    Export,
    Force,
    IncludeText,
    InstrumentId,
    KeepPreviews,
    KeepUnfinished,
    MissingCodes,
    Platform,
    Respondent,
    Wave,
    number,
    read,
    reading,
)
from trustmeasure.scoring import refuse_unscored


class Audience(StrEnum):
    """For whom a report is written."""

    evaluator = "evaluator"
    methodologist = "methodologist"


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
    responses = read(**reading(locals()))
    typer.echo(f"{responses.n} persons, platform: {responses.platform}")
    matched = pd.DataFrame(
        {
            "item": list(responses.column_map),
            "column": list(responses.column_map.values()),
            "answered": [int(responses.data[i].notna().sum()) for i in responses.column_map],
        }
    )
    print_frame(matched, "Items and their columns")
    print_frame(responses.log.to_frame(), "What reading did")


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
    refuse_unscored(tm.load_instrument(instrument))  # before its columns are looked for
    scores = tm.score(
        read(**reading(locals())),
        method=method,  # type: ignore[arg-type]  # likewise
        min_valid=None if min_valid is None else number(min_valid),
        confirm_keying=confirm_keying,
    )
    write_csv(scores.to_frame(), output, overwrite=force)
    print_frame(scores.describe().reset_index(), "Scores")
    print_notes(scores.warnings)
    typer.echo(f"Written: {output}")


def reliability(
    export: Export,
    instrument: InstrumentId,
    platform: Platform = None,
    column: Columns = None,
    missing_code: MissingCodes = None,
    keep_unfinished: KeepUnfinished = False,
    keep_previews: KeepPreviews = False,
    confirm_keying: ConfirmKeying = False,
    boot: Annotated[
        int, typer.Option(min=0, help="Resamples behind intervals; 0 leaves these out.")
    ] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the reliability of every scale with intervals, and how each item does.

    Resampling starts from the same seed each time, so that the same export gives the same
    numbers.
    """
    refuse_unscored(tm.load_instrument(instrument))
    scores = tm.score(read(**reading(locals())), confirm_keying=confirm_keying)
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
    every = _coefficients(scores, list(found), boot)
    if as_json:
        plain = {s: {name: r.to_dict() for name, r in part.items()} for s, part in found.items()}
        for name, values in every.to_dict("index").items():
            known = {key: each if math.isfinite(each) else None for key, each in values.items()}
            plain[str(name)]["coefficients"] = known
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
    print_frame(pd.DataFrame(rows), "Reliability (95% intervals)")
    print_frame(_side_by_side(every), "All coefficients (95% intervals)")
    for scale, part in found.items():
        columns = ["n", "mean", "sd", "r_drop", "alpha_drop"]
        print_frame(part["alpha"].items[columns].rename_axis("item").reset_index(), scale)
        print_notes(part["alpha"].warnings)


def _coefficients(scores: tm.Scores, scales: list[str], boot: int) -> pd.DataFrame:
    """Give the table of reliability, and print what it warns of beside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.TrustMeasureWarning)
        result = tm.reliability_table(scores, scales=scales, n_boot=boot, rng=0)
    for scale, concerns in result.concerns.items():
        for concern in concerns:
            typer.echo(f"{scale}: {concern}.", err=True)
    return result.table


def _side_by_side(table: pd.DataFrame) -> pd.DataFrame:
    """Write "0.83 [0.81, 0.85]": coefficients in rows, scales in columns."""
    names = [name for name in table if f"{name}_ci_low" in table and table[name].notna().any()]

    def written(values: pd.Series[Any], name: str) -> str:
        low, high = values[f"{name}_ci_low"], values[f"{name}_ci_high"]
        return f"{values[name]:.2f}" + ("" if math.isnan(low) else f" [{low:.2f}, {high:.2f}]")

    columns = {
        str(scale): [written(values, str(name)) for name in names]
        for scale, values in table.iterrows()
    }
    return pd.DataFrame({"coefficient": names} | columns)


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
    include_text: IncludeText = None,
    min_cluster_size: Annotated[int, typer.Option(help="Teams below this are not shown.")] = 5,
    at: Annotated[
        str | None, typer.Option(help="With several waves: the one that a team report is about.")
    ] = None,
    force: Force = False,
) -> None:
    """Write a report: a team report for an evaluator, a validation report for a methodologist."""
    refuse_existing(output, overwrite=force, how="--force")
    refuse_unscored(tm.load_instrument(instrument))
    responses = read(**reading(locals()))
    if audience is Audience.evaluator:
        tm.team_report(
            responses,
            output,
            wave=at,
            min_cluster_size=min_cluster_size,
            confirm_keying=confirm_keying,
            include_text=include_text,
            overwrite=force,
        )
    else:
        tm.validation_report(
            responses,
            output,
            confirm_keying=confirm_keying,
            include_text=include_text,
            overwrite=force,
        )
    typer.echo(f"Written: {output}")
