"""Text tables and workbooks: encodings, delimiters, and everything that is no table."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pytest

from trustmeasure import DataError, DataWarning, InstrumentError, OptionError, build_instrument
from trustmeasure.platforms import read_responses, write_table

DATA = Path(__file__).parents[1] / "data"
EXPORTS = DATA / "exports"
LABELS = {1: "Strongly disagree", 2: "Disagree", 3: "Neither", 4: "Agree", 5: "Strongly agree"}


@pytest.fixture
def two_items():
    return build_instrument(
        id="two",
        response_sets=[{"id": "agree5", "min": 1, "max": 5, "labels": LABELS}],
        items=[
            {"id": "ps1", "text": "In {referent}, we don't hide mistakes."},
            {"id": "ps2", "text": "I can ask {referent} for help.", "reverse": True},
        ],
        scales=[{"id": "safety", "items": ["ps1", "ps2"]}],
        referents=["my team"],
    )


def read(tmp_path: Path, content: str | bytes, instrument=None, name="export.csv", **options):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_responses(path, instrument, **options)


def codes(responses) -> list[list[float]]:
    return responses.items.fillna(-1).to_numpy().tolist()


PLAIN = "ps1,ps2,Straße\n1,2,Köln\n3,,Łódź\n"
WESTERN = "ps1,ps2,Straße\n1,2,Köln\n3,,Zürich\n"


@pytest.mark.parametrize(
    ("encoding", "text", "logged"),
    [
        ("utf-8", PLAIN, 0),
        ("utf-8-sig", PLAIN, 0),
        ("utf-16", PLAIN, 1),
        ("utf-32", PLAIN, 1),
        ("utf-16-le", PLAIN, 1),  # without a mark
        ("cp1252", WESTERN, 1),
        ("latin-1", WESTERN + "4,5,\x81\n", 1),  # a byte that cp1252 does not have
    ],
)
def test_encodings(tmp_path, two_items, encoding, text, logged):
    responses = read(tmp_path, text.encode(encoding), two_items)
    assert responses.data["Straße"].iloc[0] == "Köln"
    assert codes(responses)[:2] == [[1, 2], [3, -1]]
    assert responses.log.count("encoding other than UTF-8") == logged


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_in_both_byte_orders(tmp_path, two_items, mark):
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    assert codes(read(tmp_path, mark + PLAIN.encode(encoding), two_items))[0] == [1, 2]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found_beside_others_in_the_texts(tmp_path, two_items, delimiter):
    rows = [
        ["ps1", "ps2", '"a, b; c | d"'],
        ["1", "2", '"one\nnote; with, all | of\tthem\n\nand ""more"""'],
        ["3", "", '""'],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    responses = read(tmp_path, text, two_items)
    assert codes(responses) == [[1, 2], [3, -1]]
    assert 'and "more"' in responses.data["a, b; c | d"].iloc[0]


def test_excels_own_line_about_the_delimiter(tmp_path, two_items):
    assert codes(read(tmp_path, "sep=;\r\nps1;ps2\r\n1;2\r\n", two_items)) == [[1, 2]]


def test_old_macintosh_line_ends_and_empty_rows(tmp_path, two_items):
    responses = read(tmp_path, "ps1,ps2\r1,2\r\r3,4\r,\r\r", two_items)
    assert codes(responses) == [[1, 2], [3, 4]]
    assert responses.log.count("empty rows skipped") == 3


def test_decimal_commas_are_numbers_in_semicolon_files(tmp_path, two_items):
    responses = read(tmp_path, "ps1;ps2;hours\n1,0;2;37,5\n3;4,0;40\n", two_items)
    assert codes(responses) == [[1, 2], [3, 4]]
    assert responses.data["hours"].tolist() == [37.5, 40.0]
    with pytest.raises(DataError, match=r"'ps1' has 3,5, which is not a whole number, in 1 row"):
        read(tmp_path, "ps1;ps2\n3,5;2\n", two_items)


def test_trailing_delimiter_makes_no_column(tmp_path, two_items):
    responses = read(tmp_path, "ps1,ps2,\n1,2,\n3,4,\n", two_items)
    assert list(responses.data.columns) == ["ps1", "ps2", "respondent"]
    assert responses.log.count("empty columns left out") == 1


def test_delimiters_beyond_the_heading_are_dropped_when_empty(tmp_path, two_items):
    assert codes(read(tmp_path, "ps1,ps2\n1,2,,\n3,4\n", two_items)) == [[1, 2], [3, 4]]


def test_ragged_rows_are_listed_with_row_and_line(tmp_path, two_items):
    text = 'ps1,ps2,note\n1,2,"two\nlines"\n1,2\n1,2,x,y\n'
    with pytest.raises(DataError) as error:
        read(tmp_path, text, two_items)
    message = str(error.value)
    assert "heading has 3 columns" in message
    assert "row 3 (line 4 of the file) has 2" in message
    assert "row 4 (line 5 of the file) has 4" in message


def test_unclosed_quotation_mark_is_named(tmp_path, two_items):
    text = 'ps1,ps2,note\n1,2,"never closed\n' + "1,2,x\n" * 40
    # The quote swallows the rest of the file, and no row would be ragged.
    with pytest.raises(DataError, match=r"quotation mark in line 2 .* the 40 lines after it"):
        read(tmp_path, text, two_items)
    with pytest.raises(DataError, match="never closed"):
        read(tmp_path, text.replace("1,2,", '1,"2,', 1).replace('"never', "never"), two_items)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"\n\n \n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"ps1,ps2\n", "no rows below"),
        (b"ps1,ps2\n\n,\n", "no rows below"),
        (b"\x00\x01\x02ps1,ps2\n", "binary"),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "web page"),
        (b"  <html lang='en'>\n<head></head></html>", "web page"),
        (b"<?xml version='1.0'?><survey/>", "XML"),
        (b'{"SurveyEntry": {}, "SurveyElements": []}', "QSF"),
        (b'[{"ps1": 1}]', "JSON"),
        (gzip.compress(b"ps1,ps2\n1,2\n"), "compressed"),
        (b"$FL2@(#) SPSS DATA FILE", "SPSS"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "old Excel file"),
        (b"%PDF-1.7", "PDF"),
        (b"\xff\xfep\x00s\x00\xd8", "cut off|cannot be read"),
        (b"ps1,ps2,ps1\n1,2,3\n", "'ps1' in columns 1, 3"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, two_items, content, expected):
    with pytest.raises(DataError, match=expected):
        read(tmp_path, content, two_items)


def test_files_under_the_wrong_name(tmp_path, two_items):
    book = openpyxl.Workbook()
    book.active.append(["ps1", "ps2"])
    book.save(tmp_path / "real.xlsx")
    content = (tmp_path / "real.xlsx").read_bytes()
    with pytest.raises(DataError, match=r"Rename it to 'export\.xlsx'"):
        read(tmp_path, content, two_items)
    with pytest.raises(DataError, match=r"rename it to 'export\.csv'"):
        read(tmp_path, "ps1,ps2\n1,2\n", two_items, name="export.xlsx")
    with zipfile.ZipFile(tmp_path / "download.csv", "w") as archive:
        archive.writestr("survey.csv", "ps1,ps2\n1,2\n")
    with pytest.raises(DataError, match="zip archive"):
        read_responses(tmp_path / "download.csv", two_items)


def test_missing_files_and_folders(tmp_path, two_items):
    (tmp_path / "export_2026.csv").write_text("ps1,ps2\n1,2\n")
    with pytest.raises(DataError, match=r"Did you mean 'export_2026\.csv'"):
        read_responses(tmp_path / "export_2025.csv", two_items)
    with pytest.raises(DataError, match="is a folder"):
        read_responses(tmp_path, two_items)
    with pytest.raises(DataError, match="does not exist either"):
        read_responses(tmp_path / "nowhere" / "a.csv", two_items)


def test_options_are_checked(tmp_path, two_items):
    for options in (
        {"platform": "surveymonkey"},
        {"unfinished": "ignore"},
        {"previews": True},
        {"language": "de"},
        {"sheet": "Data"},
        {"missing_codes": {-99: 1}},
        {"missing_codes": [None]},
        {"recode": [1, 2]},
        {"recode": {1: 2.5}},
        {"recode": {1: 2, "ps1": {1: 2}}},
    ):
        with pytest.raises(OptionError):
            read(tmp_path, "ps1,ps2\n1,2\n", two_items, **options)
    with pytest.raises(InstrumentError, match="no instrument"):
        read(tmp_path, "ps1,ps2\n1,2\n", "unknown-instrument")


def test_nothing_is_written_on_errors(tmp_path, two_items):
    path = tmp_path / "export.csv"
    path.write_text("ps1,ps2\n1,9\n")
    with pytest.raises(DataError):
        read_responses(path, two_items)
    assert [p.name for p in tmp_path.iterdir()] == ["export.csv"]
    assert path.read_text() == "ps1,ps2\n1,9\n"


# -- workbooks --------------------------------------------------------------------------------


def save(tmp_path: Path, rows, *, title="Data", more=None) -> Path:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    if more:
        more(book)
    book.save(tmp_path / "export.xlsx")
    return tmp_path / "export.xlsx"


def test_workbook_cells_of_every_kind(tmp_path, two_items):
    from datetime import date, datetime

    path = save(
        tmp_path,
        [
            ["ps1", "ps2", "when", "share", "done"],
            [1, "Agree", datetime(2026, 1, 2, 3, 4), 0.5, True],
            [2.0, None, date(2026, 1, 3), 1, False],
        ],
    )
    responses = read_responses(path, two_items)
    assert codes(responses) == [[1, 4], [2, -1]]
    assert responses.data["when"].tolist() == ["2026-01-02 03:04:00", "2026-01-03 00:00:00"]
    assert responses.data["share"].tolist() == [0.5, 1.0]


def test_sheets_are_chosen_by_name_or_number(tmp_path, two_items):
    def more(book):
        book.create_sheet("Wave 2").append(["ps1", "ps2"])
        book["Wave 2"].append([5, 5])

    path = save(tmp_path, [["ps1", "ps2"], [1, 2]], more=more)
    assert codes(read_responses(path, two_items)) == [[1, 2]]
    assert read_responses(path, two_items).log.count("sheets not read") == 1
    assert codes(read_responses(path, two_items, sheet="Wave 2")) == [[5, 5]]
    assert codes(read_responses(path, two_items, sheet=2)) == [[5, 5]]
    with pytest.raises(OptionError, match="Did you mean 'Wave 2'"):
        read_responses(path, two_items, sheet="wave2")
    with pytest.raises(OptionError, match="counted from 1"):
        read_responses(path, two_items, sheet=3)


def test_formula_errors(tmp_path, two_items):
    def broken(value):
        def more(book):
            book.active["A3"].value = value
            book.active["A3"].data_type = "e"

        return more

    rows = [["ps1", "ps2"], [1, 2], [3, 4]]
    responses = read_responses(save(tmp_path, rows, more=broken("#N/A")), two_items)
    assert codes(responses) == [[1, 2], [-1, 4]]
    assert responses.log.count("formula errors read as missing") == 1
    with pytest.raises(DataError, match=r"A3 \(#REF!\)"):
        read_responses(save(tmp_path, rows, more=broken("#REF!")), two_items)


def test_formulas_without_stored_values_are_refused(tmp_path, two_items):
    path = save(tmp_path, [["ps1", "ps2"], [1, "=A2+1"]])
    with pytest.raises(DataError, match=r"never calculated: 'B2'"):
        read_responses(path, two_items)


def test_merged_headings_take_their_names_from_the_second_row(tmp_path, two_items):
    def merge(book):
        book.active.merge_cells("B1:C1")
        book.active.merge_cells("A1:A2")

    rows = [["id", "Safety", None], [None, "ps1", "ps2"], ["a", 1, 2], ["b", 3, 4]]
    responses = read_responses(save(tmp_path, rows, more=merge), two_items, respondent="id")
    assert codes(responses) == [[1, 2], [3, 4]]
    assert responses.data["id"].tolist() == ["a", "b"]


def test_a_form_is_read_without_an_instrument():
    responses = read_responses(EXPORTS / "synthetic_agree5.xlsx")
    assert responses.instrument is None
    assert responses.item_ids == ()
    assert responses.log.count("sheets not read") == 2
    choices = read_responses(EXPORTS / "synthetic_agree5.xlsx", sheet="choices")
    assert len(choices.data) == 5


# -- frames ------------------------------------------------------------------------------------


def frames():
    rows = {"ps1": [1, 2, None], "ps2": ["Agree", "5", None], "team": ["A", "B", "B"]}
    table = pd.DataFrame(rows)
    return {
        "pandas": table,
        "nullable": table.convert_dtypes(),
        "categorical": table.astype({"ps2": "category"}),
        "polars": pl.DataFrame(rows),
        "arrow": pl.DataFrame(rows).to_arrow(),
    }


@pytest.mark.parametrize("kind", frames())
def test_frames_in_memory(two_items, kind):
    responses = read_responses(frames()[kind], two_items, cluster="team")
    assert codes(responses) == [[1, 4], [2, 5], [-1, -1]]
    assert responses.data["team"].tolist() == ["A", "B", "B"]
    assert responses.platform == "table"
    assert responses.log.count("persons without any answer") == 1


def test_frames_keep_their_other_columns(two_items):
    frame = pd.DataFrame(
        {
            "ps1": [1.0, 5.0],
            "ps2": [2, 3],
            "when": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "age": [30, 41],
        },
        index=[7, 9],
    )
    data = read_responses(frame, two_items).data
    assert data["when"].dtype == frame["when"].dtype
    assert data["age"].tolist() == [30, 41]
    assert data.index.tolist() == [0, 1]


def test_frames_that_lost_their_headings(two_items):
    loaded = pd.read_csv(EXPORTS / "affective_priming_response.csv")
    with pytest.raises(DataError, match="Pass the path"):
        read_responses(loaded, two_items)
    with pytest.raises(OptionError, match="needs the path"):
        read_responses(loaded, two_items, platform="qualtrics")
    with pytest.raises(DataError, match="no responses"):
        read_responses(pd.DataFrame({"ps1": [], "ps2": []}), two_items)
    with pytest.raises(DataError, match="expected a DataFrame"):
        read_responses({"ps1": [1]}, two_items)


# -- what stands beside the items ------------------------------------------------------------------


def test_order_and_types_of_the_columns(tmp_path, two_items):
    text = "zip,ps2,time,id,ps1,team,sex\n01234,2,1,p1,1,A,\n99999,3,2,p1,4,A,2\n"
    responses = read(tmp_path, text, two_items, respondent="id", cluster="team", wave="time")
    data = responses.data
    assert list(data.columns) == ["ps1", "ps2", "id", "team", "time", "zip", "sex"]
    assert data["ps1"].dtype == np.float64
    assert data["time"].tolist() == [1, 2]
    assert data["zip"].tolist() == ["01234", "99999"]
    assert np.isnan(data["sex"].iloc[0])
    assert (responses.respondent, responses.cluster, responses.wave) == ("id", "team", "time")


def test_persons_are_numbered_without_an_id(tmp_path, two_items):
    responses = read(tmp_path, "ps1,ps2\n1,2\n3,4\n", two_items)
    assert responses.data["respondent"].tolist() == [1, 2]
    assert responses.respondent == "respondent"
    own = read(tmp_path, "respondent,ps1,ps2\n12,1,2\n10,3,4\n", two_items)
    assert own.data["respondent"].tolist() == [12, 10]


def test_repeated_persons(tmp_path, two_items):
    text = "id,t,ps1,ps2\n7,1,1,2\n7,1,1,2\n8,1,3,3\n8,2,3,3\n"
    with pytest.raises(DataError, match=r"2 respondent\(s\).*'7' in data rows 1, 2.*wave="):
        read(tmp_path, text, two_items, respondent="id")
    with pytest.raises(DataError, match=r"1 respondent\(s\).*within a wave"):
        read(tmp_path, text, two_items, respondent="id", wave="t")


def test_persons_without_an_id(tmp_path, two_items):
    with pytest.raises(DataError, match=r"1 of 2 persons have no id.*spreadsheet shows as row 3"):
        read(tmp_path, "id,ps1,ps2\na,1,2\n ,1,2\n", two_items, respondent="id")


def test_mail_addresses_never_reach_a_message_or_the_data(tmp_path, two_items):
    text = "who,ps1,ps2\nann@example.org,1,2\nann@example.org,1,2\n"
    responses = read(tmp_path, text, two_items)
    assert "who" not in responses.data
    assert responses.log.count("identifying columns left out") == 1
    with pytest.raises(DataError) as error:
        read(tmp_path, text, two_items, respondent="who")
    assert "example.org" not in str(error.value)
    with pytest.raises(DataError) as error:
        read(tmp_path, "ps1,ps2\nann@example.org,1\n", two_items, columns={"ps1": "ps1"})
    assert "example.org" not in str(error.value)


@pytest.mark.parametrize("heading", ["E-Mail", "Email Address", "first_name", "Last Name", "IP"])
def test_identifying_headings_are_left_out(tmp_path, two_items, heading):
    responses = read(tmp_path, f"ps1,ps2,{heading}\n1,2,x\n", two_items)
    assert list(responses.data.columns) == ["ps1", "ps2", "respondent"]


def test_cluster_labels(tmp_path, two_items):
    text = "ps1,ps2,team\n1,2, North \n1,2,North\n1,2,\n1,2,NA\n"
    responses = read(tmp_path, text, two_items, cluster="team")
    assert responses.data["team"].tolist()[:2] == ["North", "North"]
    assert responses.data["team"].isna().tolist() == [False, False, True, True]
    assert responses.log.count("cluster labels trimmed") == 1
    assert responses.log.count("persons without a cluster") == 2
    assert responses.log.count("cluster written as missing") == 1
    with pytest.raises(DataError, match="empty in all 1 rows"):
        read(tmp_path, "ps1,ps2,team\n1,2,\n", two_items, cluster="team")


def test_clusters_that_differ_in_case_are_kept_apart_with_a_warning(tmp_path, two_items):
    with pytest.warns(DataWarning, match="'Team A' and 'team a'"):
        responses = read(
            tmp_path, "ps1,ps2,team\n1,2,Team A\n1,2,team a\n", two_items, cluster="team"
        )
    assert responses.data["team"].nunique() == 2
    assert responses.log.count("cluster labels that differ only in case") == 1


def test_unknown_context_columns_suggest_near_ones(tmp_path, two_items):
    for argument in ("respondent", "cluster", "wave"):
        with pytest.raises(DataError, match=rf"{argument}= names the column 'taem'.*'team'"):
            read(tmp_path, "ps1,ps2,team\n1,2,A\n", two_items, **{argument: "taem"})
    with pytest.raises(DataError, match="named for two"):
        read(tmp_path, "ps1,ps2,team\n1,2,A\n", two_items, cluster="team", wave="team")
    with pytest.raises(DataError, match="both as an item"):
        read(tmp_path, "ps1,ps2\n1,2\n", two_items, cluster="ps1", columns={"ps1": "ps1"})


def test_scales_that_a_part_did_not_see_are_logged(tmp_path):
    instrument = build_instrument(
        id="blocks",
        response_sets=[{"id": "r", "min": 1, "max": 3}],
        items=[{"id": "a1"}, {"id": "a2"}, {"id": "b1"}],
        scales=[{"id": "a", "items": ["a1", "a2"]}, {"id": "b", "items": ["b1"]}],
    )
    responses = read(tmp_path, "a1,a2,b1\n1,2,\n,,3\n,,\n,1,1\n,,1\n", instrument)
    # The row of delimiters alone holds no person.
    assert responses.n == 4
    entries = responses.log.to_frame().set_index("action").loc["scale without any answer"]
    assert entries["count"].tolist() == [2, 1]


# -- other platforms ------------------------------------------------------------------------------


def test_surveymonkey_is_refused_with_a_way_out(tmp_path, two_items):
    text = (
        "RespondentID,How do you feel?,Rate these,\n,Response,First,Second\n1,Good,1,2\n2,Bad,3,4\n"
    )
    with pytest.raises(DataError, match=r"SurveyMonkey.*not read yet.*plain CSV"):
        read(tmp_path, text, two_items)


def test_lookalikes_are_read_as_tables_and_say_so(tmp_path, two_items):
    text = "Timestamp,ps1,ps2\n2026-01-01,1,2\n"
    responses = read(tmp_path, text, two_items)
    assert responses.log.count("read as a plain table") == 1
    with pytest.raises(DataError, match="looks like an export of Google Forms"):
        read(tmp_path, "Timestamp,q1,q2\n2026-01-01,1,2\n", two_items)
    with pytest.raises(DataError, match="From REDCap, export"):
        read(tmp_path, "record_id,q1,form_complete\n1,1,2\n", two_items)


# -- writing ---------------------------------------------------------------------------------------


def test_write_table_neutralises_formulas_and_does_not_overwrite(tmp_path, two_items):
    responses = read(tmp_path, "ps1,ps2,note\n1,2,=HYPERLINK(1)\n,4,-3\n", two_items, name="in.csv")
    path = write_table(responses, tmp_path / "out.csv")
    assert path.read_text() == ("ps1,ps2,respondent,note\n1,2,1,'=HYPERLINK(1)\n,4,2,-3\n")
    with pytest.raises(DataError, match="exists already"):
        write_table(responses, path)
    labelled = write_table(responses, path, labels=True, overwrite=True)
    assert "Strongly disagree,Disagree" in labelled.read_text()
    assert codes(read_responses(labelled, two_items)) == [[1, 2], [-1, 4]]


def test_real_table(tmp_path):
    responses = read_responses(DATA / "spi_trust.csv", "spi-trust")
    frame = pd.read_csv(DATA / "spi_trust.csv")
    assert responses.n == 4000
    expected = frame[list(responses.item_ids)].astype(float)
    pd.testing.assert_frame_equal(responses.items, expected)
    pd.testing.assert_series_equal(responses.data["age"], frame["age"], check_dtype=False)
