"""Data that come with the package, for trying things out."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from trustmeasure._checks import listed, near
from trustmeasure.errors import OptionError


def example_path(name: str = "spi_trust") -> Path:
    """Give the path of an example export that ships with the package.

    Parameters
    ----------
    name : {"spi_trust"}
        ``spi_trust``: answers of 4,000 people to the five trust items of the instrument
        ``spi-trust`` (1–6), with sex, age and education. Public research data of the SAPA
        project; please credit Condon and Revelle.

    Returns
    -------
    Path

    Raises
    ------
    OptionError
        For an unknown name.

    Examples
    --------
    >>> import trustmeasure as tm
    >>> responses = tm.read_responses(tm.example_path("spi_trust"), "spi-trust")
    >>> responses.n
    4000
    """
    folder = Path(str(files("trustmeasure") / "data"))
    known = sorted(path.stem for path in folder.glob("*.csv"))
    if name not in known:
        raise OptionError(
            f"There is no example '{name}'. Examples: {listed(known)}." + near(name, known)
        )
    return folder / f"{name}.csv"
