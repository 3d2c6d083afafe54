"""Whatever is written is read again, and the way of writing changes nothing."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from trustmeasure import DataError, build_instrument
from trustmeasure.platforms import read_responses, write_qualtrics, write_table
from trustmeasure.platforms.wording import bare, plain
from trustmeasure.simulate import simulate_responses

SLOW = settings(max_examples=30, deadline=None)
# Delimiters, quotes, line breaks, markup, digits, formulas and letters of several scripts.
TEXT = st.text(
    alphabet=st.sampled_from(list("abcXYZ äßéŁ字 ,;|\t\"'\n\r<>&=+-@0123456789.()[]")), max_size=25
)


@st.composite
def instruments(draw):
    """Draw instruments whose labels are awkward but can be told apart."""
    low = draw(st.integers(0, 1))
    high = low + draw(st.integers(1, 6))
    labels = draw(
        st.lists(
            TEXT.filter(lambda t: any(c.isalpha() for c in t)),
            min_size=high - low + 1,
            max_size=high - low + 1,
            unique_by=lambda t: bare(t) or plain(t),
        ).filter(
            # Digits alone may be another answer's code, which is refused as ambiguous.
            lambda found: all(bare(t) and not plain(t).strip("+-.,").isdigit() for t in found)
        )
    )
    n_items = draw(st.integers(1, 5))
    return build_instrument(
        id="drawn",
        response_sets=[
            {
                "id": "r",
                "min": low,
                "max": high,
                "labels": {low + k: label for k, label in enumerate(labels)},
            }
        ],
        items=[
            {"id": f"it{k}", "text": f"Statement {k}.", "reverse": draw(st.booleans())}
            for k in range(n_items)
        ],
        scales=[{"id": "s", "items": [f"it{k}" for k in range(n_items)]}],
    )


@given(
    instrument=instruments(),
    n=st.integers(2, 12),
    waves=st.integers(1, 2),
    labels=st.booleans(),
    previews=st.integers(0, 3),
    unfinished=st.integers(0, 3),
    missing=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 2**16),
)
@SLOW
def test_written_qualtrics_exports_are_read_again(
    instrument, n, waves, labels, previews, unfinished, missing, seed
):
    simulated = simulate_responses(
        instrument, n=n, n_clusters=2, icc=0.1, waves=waves, missing=missing, rng=seed
    )
    with tempfile.TemporaryDirectory() as folder:
        path = write_qualtrics(
            simulated,
            Path(folder) / "export.csv",
            labels=labels,
            previews=previews,
            unfinished=unfinished,
        )
        again = read_responses(
            path, instrument, respondent="respondent", cluster="team",
            wave="wave" if waves > 1 else None,
        )  # fmt: skip
    np.testing.assert_array_equal(again.items.to_numpy(), simulated.items.to_numpy())
    assert again.log.count("previews dropped") == previews
    assert again.log.count("unfinished dropped") == unfinished
    assert again.simulated
    assert again.data["team"].tolist() == simulated.data["team"].tolist()


@given(
    instrument=instruments(), n=st.integers(1, 12), labels=st.booleans(), seed=st.integers(0, 99)
)
@SLOW
def test_written_tables_are_read_again(instrument, n, labels, seed):
    simulated = simulate_responses(instrument, n=n, missing=0.2, rng=seed)
    with tempfile.TemporaryDirectory() as folder:
        path = write_table(simulated, Path(folder) / "table.csv", labels=labels)
        again = read_responses(path, instrument)
    np.testing.assert_array_equal(again.items.to_numpy(), simulated.items.to_numpy())


@given(
    notes=st.lists(TEXT, min_size=3, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
@settings(max_examples=80, deadline=None)
def test_the_way_a_table_is_written_changes_nothing(notes, delimiter, encoding, line_end, quoting):
    # Python's csv writes a lone carriage return without quotes, which makes another row of it.
    notes = [note.replace("\r", "\n") for note in notes]
    rows = [[str(k % 5 + 1), note, str(5 - k % 5), "plain text"] for k, note in enumerate(notes)]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(["it0", "comment", "it1", "constant"])
    writer.writerows(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(stream.getvalue().encode(encoding))
        responses = read_responses(path, columns={"it0": "it0", "it1": "it1"})
    assert responses.data["it0"].tolist() == [float(r[0]) for r in rows]
    assert responses.data["it1"].tolist() == [float(r[2]) for r in rows]
    assert responses.n == len(rows)


@given(order=st.permutations(["it0", "it1", "it2", "team", "age"]), seed=st.integers(0, 99))
@SLOW
def test_the_order_of_columns_changes_nothing(order, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "it0": rng.integers(1, 6, 8),
            "it1": rng.integers(1, 6, 8),
            "it2": rng.integers(1, 6, 8),
            "team": ["a", "b"] * 4,
            "age": rng.integers(18, 70, 8),
        }
    )
    instrument = build_instrument(
        id="three",
        response_sets=[{"id": "r", "min": 1, "max": 5}],
        items=[{"id": f"it{k}"} for k in range(3)],
        scales=[{"id": "s", "items": ["it0", "it1", "it2"]}],
    )
    straight = read_responses(frame, instrument, cluster="team").data
    permuted = read_responses(frame[list(order)], instrument, cluster="team").data
    pd.testing.assert_frame_equal(straight, permuted[straight.columns])


@given(content=st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_responses_or_our_own_error(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        path.write_bytes(content)
        try:
            responses = read_responses(path)
        except DataError:
            return
    assert responses.n >= 1


@given(content=st.text(alphabet="12,;\n\"a\t'{}[]<", max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_responses_or_our_own_error(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        path.write_text(content, encoding="utf-8", newline="")
        try:
            responses = read_responses(path)
        except DataError:
            return
    assert responses.n >= 1
