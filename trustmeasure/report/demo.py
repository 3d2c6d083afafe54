"""The whole journey on data that come with the package."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from trustmeasure import agreement, exploratory, plots, reliability
from trustmeasure._files import write_csv
from trustmeasure.errors import DataError
from trustmeasure.examples import example_path
from trustmeasure.instruments import load_instrument
from trustmeasure.platforms import read_responses, write_qualtrics
from trustmeasure.report.team import team_report
from trustmeasure.report.validation import validation_report
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores, score
from trustmeasure.simulate import simulate_responses

# In the order in which they are named at the end.
_RESULTS = {
    "validation_report.html": "Validation report on real data (SPI trust items, 4,000 people)",
    "team_report.html": "Team report on a simulated Qualtrics export",
    "scores.csv": "Scores of the simulated export, one row a person",
    "simulated_qualtrics_export.csv": "The simulated export itself",
    "spi_trust_scores.csv": "Scores of the real data",
    "figures": "The figures, as PNG",
}


def write_demo(folder: str | Path, *, overwrite: bool = False) -> dict[Path, str]:
    """Run the journey twice and put everything in one folder.

    A validation report on real trust data, and a team report on a simulated Qualtrics
    export, which is labelled as simulated, with scores and figures.

    Parameters
    ----------
    folder : str or path
        Is made where it does not exist.
    overwrite : bool
        Replace results of an earlier run.

    Returns
    -------
    dict
        Path → what it is.
    """
    folder = Path(folder)
    _refuse_existing(folder, overwrite=overwrite)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "figures").mkdir()
        _real_data(work)
        _simulated_teams(work)
        folder.mkdir(parents=True, exist_ok=True)
        for result in _RESULTS:  # everything worked, so now it may appear
            _move(work / result, folder / result)
    return {folder / result: what for result, what in _RESULTS.items()}


def _refuse_existing(folder: Path, *, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise DataError(f"'{folder}' is a file; expected a folder for the results.")
    there = [result for result in _RESULTS if (folder / result).exists()]
    if there and not overwrite:
        raise DataError(
            f"The folder '{folder}' already holds {', '.join(there)}. Nothing was written. Choose "
            "another folder (--out), or replace the results (--force)."
        )


def _move(source: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    shutil.move(source, target)


def _real_data(work: Path) -> None:
    responses = read_responses(example_path("spi_trust"), load_instrument("spi-trust"))
    scores = score(responses)
    validation_report(responses, work / "validation_report.html")
    write_csv(scores.to_frame(), work / "spi_trust_scores.csv")
    _draw(work / "figures", "trust", responses, scores)


def _simulated_teams(work: Path) -> None:
    instrument = load_instrument("psychological-safety")
    simulated = simulate_responses(
        instrument,
        n=44,
        n_clusters=7,
        cluster_sizes=[9, 8, 8, 7, 6, 3, 3],
        loadings=0.75,
        factor_corr=0.7,
        icc=0.2,
        missing=0.02,
        rng=20261123,
    )
    export = work / "simulated_qualtrics_export.csv"
    write_qualtrics(simulated, export, labels=True, previews=2, unfinished=3)
    responses = read_responses(export, instrument, cluster=simulated.cluster)
    scores = score(responses)
    team_report(responses, work / "team_report.html")
    write_csv(scores.to_frame(), work / "scores.csv")
    axes = plots.team_means(
        agreement.aggregate(scores), scale=scores.scale_ids[0], instrument=instrument
    )
    _save(axes, work / "figures" / "simulated_team_means.png")


def _draw(folder: Path, scale: str, responses: Responses, scores: Scores) -> None:
    alpha = reliability.cronbach_alpha(scores, scale=scale)
    parallel = exploratory.parallel_analysis(scores, scale=scale, rng=0)
    solution = exploratory.efa(scores, scale=scale, n_factors=1)
    for name, axes in {
        "likert": plots.likert(responses, scale=scale),
        "item_rest": plots.item_rest(alpha, instrument=scores.instrument),
        "correlations": plots.correlation_heatmap(scores, scale=scale),
        "scree": plots.scree(parallel),
        "loadings": plots.loadings(solution, instrument=scores.instrument),
        "scores": plots.score_distribution(scores, scale=scale),
    }.items():
        _save(axes, folder / f"spi_{name}.png")


def _save(axes: Any, path: Path) -> None:
    figure = axes.figure
    figure.savefig(path, dpi=150, bbox_inches="tight")
    plots.close(figure)
