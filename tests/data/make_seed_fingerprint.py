"""Make `seed_sixgrams.txt.gz`: what the wording of the project's source documents looks like.

The project's texts must be its own words: six words in a row may not also stand in one of the
documents that it learned from. Those documents are not the project's to share, so what is kept
is a hash of every six consecutive words of theirs, sorted, from which no sentence can be read.

Run it with the folder that holds the documents as text files::

    python tests/data/make_seed_fingerprint.py FOLDER
"""

from __future__ import annotations

import gzip
import hashlib
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

LENGTH = 6
FINGERPRINT = Path(__file__).with_name("seed_sixgrams.txt.gz")

_JOINED = re.compile("['’‘]")  # don't and don’t are the same word
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Split a text into words without case, accents of typography, and punctuation."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _WORD.findall(_JOINED.sub("", plain))


def sequences(text: str) -> Iterator[str]:
    """Give every six consecutive words of a text."""
    found = words(text)
    for start in range(len(found) - LENGTH + 1):
        yield " ".join(found[start : start + LENGTH])


def hashed(sequence: str) -> str:
    """Hash a sequence to ten hexadecimal digits: two texts in a million million collide."""
    return hashlib.blake2b(sequence.encode("utf-8"), digest_size=5).hexdigest()


def fingerprint(texts: list[str]) -> list[str]:
    """Give the sorted hashes of all sequences in the texts."""
    return sorted({hashed(sequence) for text in texts for sequence in sequences(text)})


def read_fingerprint(path: Path = FINGERPRINT) -> frozenset[str]:
    """Read the hashes back."""
    return frozenset(gzip.decompress(path.read_bytes()).decode("ascii").split())


def shared(text: str, known: frozenset[str]) -> list[str]:
    """List the six-word sequences of a text whose hashes are known."""
    return [sequence for sequence in sequences(text) if hashed(sequence) in known]


def main(folder: str) -> None:
    """Write the fingerprint of every text file in a folder."""
    files = sorted(Path(folder).glob("*.txt"))
    hashes = fingerprint([path.read_text(encoding="utf-8") for path in files])
    # No time stamp in the archive, so that the same documents give the same bytes.
    FINGERPRINT.write_bytes(gzip.compress("\n".join(hashes).encode("ascii"), mtime=0))
    print(f"{len(hashes)} hashes from {len(files)} documents: {FINGERPRINT}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
