"""The reading level that the tests of wordings measure is the one that validation reports."""

from trustmeasure.instruments.readability import flesch_kincaid, syllables, words

__all__ = ["flesch_kincaid", "syllables", "words"]
