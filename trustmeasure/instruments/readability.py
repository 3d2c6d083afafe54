"""The reading level of English sentences, without a dictionary to download.

textstat counts syllables with the Carnegie Mellon dictionary, which it fetches from the network
on first use. Counting groups of vowels needs nothing; on every word of the shipped items it gave
the dictionary's count, but for "something" (one too many), when the two were compared.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?")
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)|\n")
_VOWELS = re.compile(r"[aeiouy]+")
# Endings in which the e is not spoken: done, voice (but people); asked (but wanted, agreed);
# times (but notices, boxes).
_SILENT = re.compile(r"([^aeiouyl]|[aeiouy]l)e$|[^aeioutdy]ed$|[^aeiousxzcgyhl]es$")
# Vowels side by side that are spoken apart: idea, being, usual.
_APART = re.compile(r"dea|eing|ual")


def words(sentence: str) -> list[str]:
    """Split a sentence into lower-case words."""
    return _WORD.findall(sentence.lower())


def syllables(word: str) -> int:
    """Count the vowel groups that are spoken."""
    stem = re.sub(r"['’].*", "", word.lower())
    spoken = len(_VOWELS.findall(stem)) - len(_SILENT.findall(stem)) + len(_APART.findall(stem))
    return max(spoken, 1)


def flesch_kincaid(text: str) -> float:
    """Give the Flesch–Kincaid grade: 0.39 words a sentence + 11.8 syllables a word − 15.59.

    A text without a word has the grade 0.
    """
    found = words(text)
    if not found:
        return 0.0
    sentences = sum(bool(words(part)) for part in _SENTENCE_END.split(text))
    return 0.39 * len(found) / sentences + 11.8 * sum(map(syllables, found)) / len(found) - 15.59
