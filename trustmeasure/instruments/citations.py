"""References, from their parts to APA text and BibTeX."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trustmeasure._checks import check_option


class Citation(BaseModel):
    """A reference in parts, or as one finished text.

    Attributes
    ----------
    authors : tuple of str
        Each as "Family, G." or, for an organisation, its name.
    year, title, journal, volume, issue, pages, publisher, doi, url
        As usual; journal for articles, publisher for everything else.
    text : str, optional
        A finished reference, for those that have no parts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    authors: tuple[str, ...] = ()
    year: int | None = None
    title: str | None = None
    journal: str | None = None
    volume: str | None = Field(default=None, coerce_numbers_to_str=True)
    issue: str | None = Field(default=None, coerce_numbers_to_str=True)
    pages: str | None = Field(default=None, coerce_numbers_to_str=True)
    publisher: str | None = None
    doi: str | None = None
    url: str | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.text is None and not (self.authors and self.title):
            raise ValueError("a citation needs authors and title, or a finished text")
        return self

    def format(self, style: Literal["apa", "bibtex"] = "apa", *, key: str = "reference") -> str:
        """Word the reference in the given style; ``key`` names a BibTeX entry."""
        check_option("style", style, ["apa", "bibtex"])
        return self._apa() if style == "apa" else self._bibtex(key)

    def _link(self) -> str:
        return f"https://doi.org/{self.doi}" if self.doi else (self.url or "")

    def _apa(self) -> str:
        if self.text is not None:
            return " ".join(part for part in (self.text, self._link()) if part)
        names = list(self.authors)
        who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, & {names[-1]}"
        where = self.journal or self.publisher or ""
        if self.volume:
            where += f", {self.volume}" + (f"({self.issue})" if self.issue else "")
        if self.pages:
            where += f", {self.pages}"
        title = str(self.title)
        stop = "" if title.endswith((".", "?", "!")) else "."
        parts = [f"{who} ({self.year or 'n.d.'}).", title + stop, f"{where}." if where else ""]
        return " ".join(part for part in (*parts, self._link()) if part)

    def _bibtex(self, key: str) -> str:
        kind = "article" if self.journal else "misc"
        fields: dict[str, object] = {
            "author": " and ".join(
                # Braces keep an organisation's name from being split into first and last.
                name if "," in name else f"{{{name}}}"
                for name in self.authors
            ),
            "year": self.year,
            "title": self.title,
            "journal": self.journal,
            "volume": self.volume,
            "number": self.issue,
            "pages": self.pages and re.sub(r"\s*[–-]\s*", "--", self.pages),
            "publisher": self.publisher,
            "doi": self.doi,
            "url": self.url,
            "note": self.text,
        }
        lines = [
            f"  {name} = {{{value if name in ('doi', 'url') else _escaped(value)}}},"
            for name, value in fields.items()
            if value
        ]
        return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _escaped(value: object) -> str:
    """Mark the characters that LaTeX would take as commands."""
    return re.sub(r"([&%#$_])", r"\\\1", str(value))
