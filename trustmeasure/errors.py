"""Every error and warning that trustmeasure raises.

::

    Exception
    └── TrustMeasureError
        ├── InstrumentError        (also ValueError)    the instrument is at fault
        ├── DataError              (also ValueError)    the data are at fault
        ├── OptionError            (also ValueError)    an argument has a value that is not offered
        ├── ConvergenceError       (also RuntimeError)  an estimate could not be found
        └── MissingExtraError      (also ImportError)   an optional package is not installed

    UserWarning
    └── TrustMeasureWarning
        ├── InstrumentWarning
        ├── DataWarning
        └── ConvergenceWarning     (also RuntimeWarning)

A message says what is wrong, where, what was found, what was expected, and what to do.
"""

from __future__ import annotations


class TrustMeasureError(Exception):
    """Base of every error that trustmeasure raises on purpose."""


class InstrumentError(TrustMeasureError, ValueError):
    """An instrument is unknown, malformed, or cannot be used as asked."""


class DataError(TrustMeasureError, ValueError):
    """The data do not allow what was asked of them."""


class OptionError(TrustMeasureError, ValueError):
    """An argument has a value that the function does not offer."""


class ConvergenceError(TrustMeasureError, RuntimeError):
    """An iterative estimate could not be found."""


class MissingExtraError(TrustMeasureError, ImportError):
    """A feature needs a package that comes with one of the project's extras."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the package '{package}', which is not installed. "
            f"Install it with: pip install 'trustmeasure[{extra}]'."
        )


class TrustMeasureWarning(UserWarning):
    """Base of every warning that trustmeasure gives."""


class InstrumentWarning(TrustMeasureWarning):
    """Something about an instrument deserves attention."""


class DataWarning(TrustMeasureWarning):
    """Something about the data changes how a result must be read."""


class ConvergenceWarning(TrustMeasureWarning, RuntimeWarning):
    """An iterative estimate stopped early or at the edge of what is admissible."""
