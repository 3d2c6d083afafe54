"""Figures as inline SVG for web pages."""

from __future__ import annotations

import hashlib
import io
import re
from html import escape

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trustmeasure.errors import DataError
from trustmeasure.plots.style import any_glyph, root_figure

# Verdana is as wide as DejaVu Sans, so that texts keep their places where the latter is missing.
_FONTS = "'DejaVu Sans', Verdana, Geneva, Arial, sans-serif"


def figure_svg(axes: Axes | Figure, alt_text: str, *, id_prefix: str | None = None) -> str:
    """Give a figure as an SVG element to put into HTML.

    Texts stay texts (small, searchable, in DejaVu Sans or a font as wide). The same figure
    gives the same string, on any day.

    Parameters
    ----------
    axes : Axes or Figure
    alt_text : str
        What the figure shows, for those who do not see it; `describe` writes one.
    id_prefix : str, optional
        Put before every id, so that several figures on a page do not mix up their parts.
        By default it comes from the content.

    Returns
    -------
    str
        ``<svg role="img" …>`` with the alternative text as title, without XML prolog.

    Raises
    ------
    DataError
        For an empty alternative text.
    """
    if not alt_text.strip():
        raise DataError("A figure needs an alternative text that says what it shows.")
    figure = root_figure(axes)
    stream = io.StringIO()
    with (
        mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "trustmeasure"}),
        any_glyph(),
    ):
        figure.savefig(
            stream, format="svg", bbox_inches=None, facecolor=figure.get_facecolor(),
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )  # fmt: skip
    return _inline(stream.getvalue(), alt_text.strip(), id_prefix)


def close(figure: Axes | Figure) -> None:
    """Let pyplot forget a figure that has been saved; the figure itself stays usable."""
    import matplotlib.pyplot as plt

    plt.close(root_figure(figure))


def _prefixed(tag: str, prefix: str) -> str:
    tag = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', tag)
    tag = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", tag)
    return re.sub(r'(?:xlink:)?href="#([^"]+)"', rf'href="#{prefix}-\1"', tag)


def _inline(svg: str, alt_text: str, id_prefix: str | None) -> str:
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    # As a style element this rule would reach every drawing on the page.
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    body = re.sub(r"'DejaVu Sans'(?:, [^;\"]*)?", _FONTS, body)
    body = re.sub(r"\n\s*", "\n", body)
    digest = hashlib.sha256((body + alt_text).encode()).hexdigest()[:10]
    prefix = f"tm-{digest}" if id_prefix is None else re.sub(r"[^A-Za-z0-9_-]", "-", id_prefix)
    # Inside tags only: an item's own text may say id="…", too.
    body = re.sub(r"<[^>]*>", lambda tag: _prefixed(tag.group(), prefix), body)
    head, rest = body.split(">", 1)
    box = re.search(r'viewBox="([^"]+)"', head)
    width = re.search(r'\bwidth="([^"]+)"', head)
    label = f"{prefix}-title"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{label}" '
        f'viewBox="{box.group(1) if box else ""}" width="{width.group(1) if width else ""}" '
        'style="max-width:100%;height:auto;stroke-linejoin:round;stroke-linecap:butt">'
        f'<title id="{label}">{escape(alt_text)}</title>{rest.strip()}'
    )
