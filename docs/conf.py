"""The documentation's build: the API from docstrings, tutorials from the notebooks."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE / "_ext"), str(ROOT)]

import instrument_page  # noqa: E402
import validation_page  # noqa: E402

import trustmeasure  # noqa: E402

project = "trustmeasure"
author = "The trustmeasure developers"
copyright = "2026, the trustmeasure developers"
version = release = trustmeasure.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_design",
    "myst_nb",
]
# The first suffix is that of the generated API pages.
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build", "jupyter_execute"]
myst_enable_extensions = ["colon_fence", "deflist"]

templates_path = ["_templates"]
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
autodoc_typehints = "none"

# Tutorials run at every build, so what they show is what the library does.
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True

html_theme = "pydata_sphinx_theme"
html_title = "trustmeasure"
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "friendly",
    "pygments_dark_style": "github-dark",
}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_sidebars = {"index": [], "notebooks/*": [], "quickstart/*": [], "validation/*": []}


def _copy_notebooks(_app: object) -> None:
    """Bring the notebooks into the source folder, where Sphinx looks for pages."""
    target = HERE / "notebooks"
    target.mkdir(exist_ok=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copyfile(path, target / path.name)


def _write_validation_pages(_app: object) -> None:
    target = HERE / "validation"
    target.mkdir(exist_ok=True)
    for name, text in validation_page.make().items():
        (target / f"{name}.md").write_text(text, encoding="utf-8")


def _write_instrument_pages(_app: object) -> None:
    """Write a page an instrument, beside the one on writing instruments, which is committed."""
    target = HERE / "instruments"
    pages = instrument_page.make()
    for path in target.glob("*.md"):
        if path.stem not in {*pages, "writing"}:
            path.unlink()  # an instrument that is no longer there
    for name, text in pages.items():
        path = target / f"{name}.md"
        # What has not changed is left alone, so that Sphinx need not read it again.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: object) -> None:
    """Generate what is generated before Sphinx looks for its sources."""
    _copy_notebooks(app)
    _write_validation_pages(app)
    _write_instrument_pages(app)
