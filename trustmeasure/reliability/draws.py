"""How often a bootstrap draws, and that nothing else is asked to draw."""

from __future__ import annotations

from trustmeasure import _checks
from trustmeasure.errors import OptionError


def check_draws(n_boot: int, ci: str | None, *, usual: int) -> None:
    """Refuse a number of replicates beside an interval that draws none.

    ``usual`` is the default, which nobody asked for.
    """
    _checks.check_count("n_boot", n_boot, least=2)
    if ci != "bootstrap" and n_boot != usual:
        raise OptionError(
            f"n_boot={n_boot} counts bootstrap replicates, and ci={ci!r} draws none. Leave it out, "
            "or pass ci='bootstrap'."
        )
