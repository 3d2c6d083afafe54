"""The command line: what it prints, what it writes, and how it fails."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import trustmeasure as tm
from trustmeasure.platforms import write_qualtrics

ROOT = Path(tm.__file__).parents[1]
SPI = str(tm.example_path("spi_trust"))


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trustmeasure", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd or ROOT,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    responses = tm.simulate_responses(
        tm.load_instrument("trust-pulse"), n=48, n_clusters=6, icc=0.2, rng=3
    )
    return write_qualtrics(responses, folder / "export.csv", labels=True)


def test_version_and_help() -> None:
    assert run("--version").stdout.strip() == f"trustmeasure {tm.__version__}"
    help_text = run("--help")
    assert help_text.returncode == 0
    for command in (
        "demo", "instruments", "inspect", "score", "reliability", "report", "simulate",
    ):  # fmt: skip
        assert command in help_text.stdout


def test_instruments_are_listed_and_shown() -> None:
    listed = run("instruments")
    assert listed.returncode == 0
    assert all(name in listed.stdout for name in tm.list_instruments().index)
    shown = run("instruments", "show", "trust-pulse")
    assert shown.returncode == 0
    assert "tp05" in shown.stdout
    assert "unvalidated" in shown.stdout


def test_inspect_writes_nothing(export: Path, tmp_path: Path) -> None:
    found = run("inspect", export, "-i", "trust-pulse", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert "48 persons, platform: qualtrics" in found.stdout
    assert "simulated" in found.stdout
    assert list(tmp_path.iterdir()) == []


def test_scores_are_written_as_the_library_gives_them(tmp_path: Path) -> None:
    output = tmp_path / "scores.csv"
    done = run("score", SPI, "-i", "spi-trust", "-o", output)
    assert done.returncode == 0, done.stderr
    with output.open(encoding="utf-8", newline="") as stream:
        written = [float(row["trust"]) for row in csv.DictReader(stream)]
    expected = tm.score(tm.read_responses(SPI, "spi-trust")).data["trust"]
    assert written == pytest.approx(expected.tolist(), rel=1e-12)


def test_score_options_reach_the_scoring(tmp_path: Path) -> None:
    output = tmp_path / "scores.csv"
    run("score", SPI, "-i", "spi-trust", "-o", output, "--method", "pomp", "--min-valid", "5")
    with output.open(encoding="utf-8", newline="") as stream:
        written = [float(row["trust"]) for row in csv.DictReader(stream)]
    expected = tm.score(tm.read_responses(SPI, "spi-trust"), method="pomp", min_valid=5)
    assert written == pytest.approx(expected.data["trust"].tolist(), rel=1e-12)


def test_reliability_prints_the_promised_alpha() -> None:
    plain = run("reliability", SPI, "-i", "spi-trust")
    assert plain.returncode == 0, plain.stderr
    assert "0.871" in plain.stdout
    found = json.loads(run("reliability", SPI, "-i", "spi-trust", "--json").stdout)
    assert found["trust"]["alpha"]["estimate"] == pytest.approx(0.8714289, abs=5e-8)
    assert found["trust"]["omega"]["n"] == 4000
    every = found["trust"]["coefficients"]
    assert every["lambda2_ci_low"] < every["lambda2"] < every["lambda2_ci_high"]
    assert every["omega_hierarchical"] is None  # five items hold no three groups
    assert f"{every['glb']:.2f} [{every['glb_ci_low']:.2f}" in plain.stdout
    quick = json.loads(run("reliability", SPI, "-i", "spi-trust", "--json", "--boot", "0").stdout)
    assert quick["trust"]["coefficients"]["glb_ci_low"] is None
    assert quick["trust"]["coefficients"]["glb"] == every["glb"]


def test_columns_can_be_named_and_codes_declared_missing(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    header = ["first", "tp02", "tp03", "tp04", "tp05"]
    rows = [[1, 2, 3, 4, 5], [5, -99, 3, 2, 1], [3, 3, 4, 4, 2]]
    path.write_text("\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n")
    output = tmp_path / "scores.csv"
    arguments = ["score", path, "-i", "trust-pulse", "-o", output, "--column", "tp01=first"]
    refused = run(*arguments)
    assert refused.returncode == 1
    assert "-99" in refused.stderr
    assert not output.exists()
    done = run(*arguments, "--missing-code", "-99")
    assert done.returncode == 0, done.stderr
    assert output.exists()


@pytest.mark.parametrize("audience", ["evaluator", "methodologist"])
def test_reports_are_written_for_both_readers(export: Path, tmp_path: Path, audience: str) -> None:
    output = tmp_path / "report.html"
    done = run(
        "report", export, "-i", "trust-pulse", "--cluster", "team", "--for", audience, "-o", output
    )
    assert done.returncode == 0, done.stderr
    assert "<svg" in output.read_text(encoding="utf-8")


def test_simulated_exports_read_back(tmp_path: Path) -> None:
    output = tmp_path / "sim.csv"
    arguments = ["simulate", "trust-pulse", "--n", 30, "--clusters", 3, "--seed", 1, "-o", output]
    assert run(*arguments).returncode == 0
    responses = tm.read_responses(output, "trust-pulse")
    assert responses.platform == "qualtrics"
    assert responses.simulated
    assert responses.n == 30
    table = run(*arguments[:-1], tmp_path / "sim2.csv", "--as", "csv", "--labels")
    assert table.returncode == 0, table.stderr
    plain = tm.read_responses(tmp_path / "sim2.csv", "trust-pulse")
    assert plain.platform == "table"
    assert plain.items.equals(responses.items)


# -- failing well -----------------------------------------------------------------------------


def test_existing_files_are_left_alone_without_force(export: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.csv"
    output.write_text("mine")
    arguments = ["score", export, "-i", "trust-pulse", "-o", output]
    refused = run(*arguments)
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert output.read_text() == "mine"
    assert run(*arguments, "--force").returncode == 0
    assert output.read_text() != "mine"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("tp01,tp02\n", ""),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        ("tp01,tp02,tp03,tp04,tp05\n1,2,3\n", "ragged"),
        ("tp01,tp02,tp03,tp04,tp05\n1,2,3,4,9\n", "code 9"),
        ("tp01,tp02,tp03,tp04,tp05\n1,2,3,4,Sure\n", "Sure"),
        ("tp01,tp02,tp03,tp04,tp04\n1,2,3,4,5\n", "tp04"),
        ("tp01,tp02,tp03,tp04\n1,2,3,4\n", "tp05"),
    ],
)
def test_bad_exports_give_a_message_and_write_nothing(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    for command in (
        ["score", path, "-i", "trust-pulse", "-o", tmp_path / "out.csv"],
        ["report", path, "-i", "trust-pulse", "-o", tmp_path / "out.html"],
    ):
        failed = run(*command)
        assert failed.returncode == 1
        assert message in failed.stderr
        assert failed.stderr.startswith("Error: ")
        assert "Traceback" not in failed.stderr
        assert [p.name for p in tmp_path.iterdir()] == ["bad.csv"]


def test_an_unknown_instrument_suggests_a_near_one(tmp_path: Path) -> None:
    failed = run("score", SPI, "-i", "spi-thrust", "-o", tmp_path / "out.csv")
    assert failed.returncode == 1
    assert "Did you mean 'spi-trust'" in failed.stderr


def test_a_missing_file_is_the_datas_fault(tmp_path: Path) -> None:
    failed = run("score", tmp_path / "none.csv", "-i", "spi-trust", "-o", tmp_path / "out.csv")
    assert failed.returncode == 1
    assert "none.csv" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["score"],
        ["nonsense"],
        ["score", SPI, "-i", "spi-trust", "-o", "x.csv", "--method", "median"],
        ["score", SPI, "-i", "spi-trust", "-o", "x.csv", "--platform", "paper"],
        ["score", SPI, "-i", "spi-trust", "-o", "x.csv", "--column", "q_1855"],
        ["report", SPI, "-i", "spi-trust", "-o", "x.html", "--for", "everyone"],
    ],
)
def test_misuse_exits_with_2(arguments: list[str], tmp_path: Path) -> None:
    failed = run(*arguments, cwd=tmp_path)
    assert failed.returncode == 2, failed.stderr
    assert "Traceback" not in failed.stderr
    assert list(tmp_path.iterdir()) == []


def test_formulas_in_context_columns_are_neutralised(tmp_path: Path) -> None:
    path = tmp_path / "formula.csv"
    path.write_text(
        'tp01,tp02,tp03,tp04,tp05,who\n1,2,3,4,5,"=HYPERLINK(""http://x"",""y"")"\n1,2,3,4,5,Ada\n'
    )
    output = tmp_path / "scores.csv"
    assert run("score", path, "-i", "trust-pulse", "-o", output).returncode == 0
    with output.open(encoding="utf-8", newline="") as stream:
        assert [row["who"][:2] for row in csv.DictReader(stream)] == ["'=", "Ad"]


# -- the demo ---------------------------------------------------------------------------------


def test_the_demo_puts_everything_in_one_folder_and_says_where(tmp_path: Path) -> None:
    done = run("demo", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert {"validation_report.html", "team_report.html", "scores.csv", "figures"} <= names
    for name in names:
        assert str(tmp_path / "out" / name) in done.stdout
    assert len(list((tmp_path / "out" / "figures").glob("*.png"))) >= 7
    team = (tmp_path / "out" / "team_report.html").read_text(encoding="utf-8")
    assert "Simulated data" in team
    assert "Unvalidated item bank" in team
    again = run("demo", "--out", tmp_path / "out", cwd=tmp_path)
    assert again.returncode == 1
    assert "--force" in again.stderr
    assert run("demo", "--out", tmp_path / "out", "--force", cwd=tmp_path).returncode == 0


def test_errors_name_the_options_of_the_command_line(tmp_path: Path, export: Path) -> None:
    done = run("report", export, "-i", "trust-pulse", "-o", tmp_path / "t.html", "--for=evaluator")
    assert done.returncode == 1
    assert "cluster= is --cluster COLUMN" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_scale_without_reliability_leaves_the_others(tmp_path: Path) -> None:
    new = tm.build_instrument(
        id="uneven",
        response_sets=[{"id": "five", "min": 1, "max": 5}],
        items=[{"id": name} for name in "abcd"],
        scales=[{"id": "three", "items": list("abc")}, {"id": "single", "items": ["d"]}],
    )
    new.save(tmp_path / "uneven.yaml")
    rows = ["1,2,1,3", "2,2,3,1", "5,4,4,2", "3,3,5,4", "4,5,4,5", "2,1,2,2", "1,1,2,2"]
    (tmp_path / "answers.csv").write_text("\n".join(["a,b,c,d", *rows]))
    done = run("reliability", tmp_path / "answers.csv", "-i", tmp_path / "uneven.yaml", "--json")
    assert done.returncode == 0
    assert list(json.loads(done.stdout)) == ["three"]
    assert "Alpha of single could not be computed." in done.stderr
