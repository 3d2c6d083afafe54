"""A report as sections of blocks, and the one self-contained HTML page that they become."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from numpy.linalg import LinAlgError

from trustmeasure import plots
from trustmeasure._files import refuse_existing, write_whole
from trustmeasure.errors import OptionError, TrustMeasureError
from trustmeasure.tables import Table
from trustmeasure.tables.html import CSS as TABLE_CSS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PACKAGES = ("numpy", "scipy", "pandas", "narwhals", "matplotlib")


@dataclass(frozen=True)
class Block:
    """A piece of a section.

    Attributes
    ----------
    kind : {"text", "table", "figure", "notice", "facts"}
    text : str
        Paragraph, caption, or message; escaped when the page is made.
    html : str
        Ready HTML of a table or SVG of a figure; not escaped.
    facts : tuple of (str, str, str)
        Label, number and remark of each headline figure.
    """

    kind: Literal["text", "table", "figure", "notice", "facts"]
    text: str = ""
    html: str = ""
    facts: tuple[tuple[str, str, str], ...] = ()


@dataclass
class Section:
    """A titled part of a report, filled step by step."""

    title: str
    anchor: str
    blocks: list[Block] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Add a paragraph."""
        self.blocks.append(Block("text", text))

    def notice(self, text: str) -> None:
        """Add a message that must not be overlooked."""
        self.blocks.append(Block("notice", text))

    def facts(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Add headline numbers: label, number, remark."""
        facts = tuple(rows)
        if facts:
            self.blocks.append(Block("facts", facts=facts))

    def table(self, table: Table) -> None:
        """Add a table."""
        self.blocks.append(Block("table", html=table.to_html(css=False)))

    def figure(self, axes: Axes, caption: str, alternative: str) -> None:
        """Add a figure with the text that stands for it where it cannot be seen."""
        self.blocks.append(Block("figure", caption, plots.figure_svg(axes, alternative)))


@dataclass
class Page:
    """A report before it is written."""

    title: str
    subtitle: str
    instrument: str
    simulated: bool
    unvalidated: bool
    published: bool = False
    sections: list[Section] = field(default_factory=list)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    settings: list[tuple[str, str]] = field(default_factory=list)
    references: list[str] = field(default_factory=list)

    def section(self, title: str) -> Section:
        """Begin a new section."""
        anchor = "".join(c if c.isalnum() else "-" for c in title.lower()).strip("-")
        self.sections.append(Section(title, anchor))
        return self.sections[-1]

    def note(self, topic: str, messages: Iterable[str]) -> None:
        """Collect warnings under a topic, each once."""
        kept = self.warnings.setdefault(topic, [])
        kept.extend(m for m in dict.fromkeys(messages) if m not in kept)
        if not kept:
            del self.warnings[topic]

    def attempt(self, section: Section, topic: str, what: str, step: Callable[[], Any]) -> Any:
        """Run one analysis; where the data do not allow it, say so in its place.

        A report with one constant item is worth more than none. Warnings that the step
        shows are collected, whether or not its result keeps them.
        """
        import warnings as python_warnings

        with python_warnings.catch_warnings(record=True) as caught:
            python_warnings.simplefilter("always")
            try:
                result = step()
            except (TrustMeasureError, ArithmeticError, LinAlgError) as error:
                section.notice(f"{what} could not be computed. {error}")
                self.note(topic, [f"{what} could not be computed. {error}"])
                return None
        self.note(topic, [str(w.message) for w in caught if _is_ours(w.category)])
        self.note(topic, getattr(result, "warnings", ()))
        return result

    def draw(
        self,
        section: Section,
        topic: str,
        caption: str,
        drawing: Callable[[], Axes],
        alternative: Callable[[], str],
    ) -> None:
        """Add a figure where the data allow it."""
        axes = self.attempt(section, topic, "The figure", drawing)
        if axes is not None:
            section.figure(axes, caption, alternative())

    def to_html(self) -> str:
        """Make the page."""
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("trustmeasure", "report/templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["symbols"] = _with_symbols
        template = environment.get_template("page.html.j2")
        # Tables bring their own style rules; once is enough for a page.
        table_css = TABLE_CSS.removeprefix("<style>").strip().removesuffix("</style>")
        return template.render(page=self, versions=versions(), table_css=table_css) + "\n"


def output_path(path: str | Path, *, overwrite: bool) -> Path:
    """Check where a report goes before any work is done for it."""
    try:
        path = Path(path)
    except TypeError:
        raise OptionError(
            f"path={path!r} is of type {type(path).__name__}; expected the path of a file to write."
        ) from None
    if path.suffix.lower() not in (".html", ".htm"):
        raise OptionError(f"path='{path}' must end in .html, the format that reports have.")
    refuse_existing(path, overwrite=overwrite)
    return path


def write_page(page: Page, path: Path, *, overwrite: bool) -> Path:
    """Write the page, whole or not at all."""
    return write_whole(path, page.to_html(), overwrite=overwrite)


def versions() -> list[tuple[str, str]]:
    """List the software behind the numbers."""
    from trustmeasure import __version__

    found = [("trustmeasure", __version__), ("Python", platform.python_version())]
    for package in _PACKAGES:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:  # vendored without metadata
            continue
    return found


def _with_symbols(text: str) -> Any:
    """Set the subscripts of statistical symbols; everything else is escaped."""
    from markupsafe import Markup, escape

    symbol = Markup("<i>r</i><sub>WG(J)</sub>")
    return symbol.join(escape(part) for part in text.split("r_WG(J)"))


def _is_ours(category: type[Warning]) -> bool:
    from trustmeasure.errors import TrustMeasureWarning

    return issubclass(category, TrustMeasureWarning)
