"""The generated pages of the documentation, as far as they can be checked without a build."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import trustmeasure as tm

DOCS = Path(__file__).parents[2] / "docs"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / "_ext" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES: dict[str, str] = load("instrument_page").make()
SHIPPED = tm.list_instruments()


def test_every_instrument_has_a_page_and_a_line_in_the_index() -> None:
    assert set(PAGES) == {*SHIPPED.index, "index"}
    for name in SHIPPED.index:
        assert f"]({name}.md)" in PAGES["index"]
        assert re.search(rf"<{name}>$", PAGES["index"], re.MULTILINE), "in the navigation"


@pytest.mark.parametrize("name", SHIPPED.index)
def test_pages_say_all_that_matters(name: str) -> None:
    instrument, page = tm.load_instrument(name), PAGES[name]
    assert f"`{instrument.status}`" in page
    assert all(f"`{item}`" in page for item in instrument.item_ids)
    assert all(f"`{scale.id}`" in page for scale in instrument.scales)
    assert page.count("| reversed: ") == sum(i.reverse for i in instrument.items) * max(
        1, len(instrument.languages)
    )
    for entry in instrument.evidence:
        assert f"{entry.value:g}" in page
    assert ("## What could not be verified" in page) == any(
        problem.rule == "unconfirmed" for problem in tm.validate_instrument(instrument).warnings
    )
    if instrument.text == "included":
        assert "{tab-item} Español" in page
        assert "*Unreviewed translation.*" in page
        assert instrument.item_text(instrument.item_ids[0], language="es") in page
        # Only the explanation of the placeholder holds it.
        assert set(re.findall(r".\{referent\}.", page)) <= {"`{referent}`"}
    else:
        assert "`structure only`" in page
    if instrument.unscored is not None:
        assert ":::{admonition} Not scored" in page


@pytest.mark.parametrize("name", SHIPPED.index)
def test_tables_have_as_many_cells_in_every_row(name: str) -> None:
    for table in re.findall(r"^::::\{table\}\n.*?^::::$", PAGES[name], re.MULTILINE | re.DOTALL):
        rows = [line for line in table.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


@pytest.mark.parametrize("name", [n for n in SHIPPED.index if SHIPPED.loc[n, "text"] == "included"])
def test_the_lines_that_a_page_advises_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trustmeasure.platforms import write_qualtrics

    code = re.search(r"```python\n(.*?)```", PAGES[name], re.DOTALL)
    assert code is not None
    monkeypatch.chdir(tmp_path)
    write_qualtrics(tm.simulate_responses(tm.load_instrument(name), n=20, rng=1), "export.csv")
    scope: dict[str, object] = {}
    exec(code[1], scope)
    scores = scope["scores"]
    assert isinstance(scores, tm.Scores)
    assert scores.n == 20
    assert (tmp_path / "survey.txt").stat().st_size > 500


def test_writing_an_instrument_ends_without_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (DOCS / "instruments" / "writing.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    drafts = re.findall(r"%%writefile (\S+)\n(.*?)```", text, re.DOTALL)
    found = []
    for name, draft in drafts:
        Path(name).write_text(draft, encoding="utf-8")
        found.append(tm.validate_instrument(name))
    assert [bool(f.errors) for f in found] == [True, True, False]
    assert {problem.rule for problem in found[1].warnings} == {
        "keying",
        "near-duplicate",
        "unused-item",
    }
    assert found[-1].problems == ()
