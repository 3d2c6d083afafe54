"""The house rules that no reader can check by eye: who imports whom, and what loads when."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import trustmeasure

PACKAGE = Path(trustmeasure.__file__).parent

# From the ground up. A module may import its own layer's package mates and anything below.
LAYERS: list[set[str]] = [
    {"errors", "_files"},
    {"_checks", "results"},
    {"kernels"},
    {"instruments", "responses", "thresholds", "examples"},
    {"scoring", "platforms"},
    {"quality", "simulate"},
    {"correlation"},
    {"reliability", "exploratory", "agreement", "confirmatory"},
    {"validity", "invariance"},
    {"theory"},
    {"tables", "plots"},
    {"report"},
    {"cli"},
]
# Analyses share code through kernels, not with each other.
SEPARATE = {"reliability", "exploratory", "agreement", "confirmatory"}
# Only the drawing layers may load these at all, and only inside functions.
DRAWING = {"plots", "report", "cli"}
# Loading any of these at import would cost more than the rest of the package together, or
# is not needed by most users.
LAZY = {
    "matplotlib", "scipy", "openpyxl", "yaml", "jinja2", "typer", "rich", "pyreadstat",
    "docx", "polars", "pyarrow", "duckdb", "pingouin", "xlrd",
}  # fmt: skip
KERNEL_IMPORTS = {"numpy", "scipy"} | set(sys.stdlib_module_names)


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "_instruments" not in p.parts)


def topic(path: Path) -> str:
    """Name the top-level part of the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, *, top_level_only: bool = False) -> set[str]:
    """Collect the absolute names that a file imports (type-checking blocks aside)."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and top_level_only:
                continue
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module:
                assert child.level == 0, f"{path}: relative imports hide where things live"
                found.update(f"{child.module}.{alias.name}" for alias in child.names)
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def layer(name: str) -> int:
    return next(i for i, names in enumerate(LAYERS) if name in names)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_downwards_only(path: Path) -> None:
    own = topic(path)
    if own in {"__init__", "__main__"}:
        return
    for name in imports(path):
        if not name.startswith("trustmeasure."):
            continue
        other = name.split(".")[1]
        if other == "__version__":
            continue
        assert (
            other == own
            or layer(other) < layer(own)
            or (layer(other) == layer(own) and own not in SEPARATE)
        ), f"{own} must not import {other}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_load_inside_functions(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path, top_level_only=True)}
    allowed = {"typer", "rich"} if topic(path) in {"cli", "__main__"} else set()
    if topic(path) == "plots" and path.name != "__init__.py":
        allowed = {"matplotlib"}
    assert not (roots & LAZY) - allowed


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").glob("*.py")), ids=lambda p: p.name)
def test_kernels_know_numpy_and_scipy_alone(path: Path) -> None:
    strange = {
        name
        for name in imports(path)
        if name.split(".")[0] not in KERNEL_IMPORTS and not name.startswith("trustmeasure.kernels")
    }
    assert not strange
    assert not {n for n in imports(path) if n.split(".")[0] == "warnings"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_matplotlib_is_for_the_drawing_layers(path: Path) -> None:
    if topic(path) not in DRAWING:
        assert not {n for n in imports(path) if n.split(".")[0] == "matplotlib"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_assert_serves_as_validation(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def test_every_module_has_a_layer() -> None:
    topics = {topic(path) for path in modules()} - {"__init__", "__main__"}
    assert topics == set().union(*LAYERS)


def loaded_after(code: str) -> set[str]:
    """Run code in a fresh interpreter and name the modules that it loaded."""
    program = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    return set(json.loads(subprocess.check_output([sys.executable, "-c", program], text=True)))


@pytest.mark.parametrize(
    "code",
    ["import trustmeasure", "import trustmeasure as tm\nfor n in tm.__all__: getattr(tm, n)"],
    ids=["import", "every name"],
)
def test_import_loads_nothing_that_only_some_users_need(code: str) -> None:
    loaded = loaded_after(code)
    roots = {name.split(".")[0] for name in loaded}
    # pandas itself loads pyarrow where it is installed, so that one is not ours to forbid.
    assert not roots & (LAZY - {"pyarrow"})
    assert "scipy.stats" not in loaded


def test_all_equals_the_namespace() -> None:
    for name in trustmeasure.__all__:
        getattr(trustmeasure, name)  # names are imported when they are first used
    public = {
        name
        for name, value in vars(trustmeasure).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(trustmeasure.__all__)
    assert list(trustmeasure.__all__) == sorted(trustmeasure.__all__)
    assert set(dir(trustmeasure)) == {*trustmeasure.__all__, "__version__"}


def test_type_checkers_see_the_names_that_are_imported_on_use() -> None:
    tree = ast.parse(Path(trustmeasure.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if node.module != "trustmeasure"
    }
    homes = {
        (f"trustmeasure.{module}", name)
        for module, names in trustmeasure._HOMES.items()
        for name in names
    }
    assert seen == homes
    assert {name for _, name in homes} == set(trustmeasure.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'cronbach'"):
        _ = trustmeasure.cronbach


def test_every_public_function_documents_itself() -> None:
    for name in trustmeasure.__all__:
        thing = getattr(trustmeasure, name)
        text = thing.__doc__ or ""
        assert text, f"{name} has no docstring"
        if callable(thing) and not isinstance(thing, type):
            for heading in ("Parameters", "Returns", "Examples"):
                assert heading in text or (heading == "Parameters" and name.startswith("list_")), (
                    f"{name}: no {heading} section"
                )
