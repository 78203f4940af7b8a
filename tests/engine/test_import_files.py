"""Files of many cases: odd ones are refused as a whole with the place, good ones become rows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wtforms import BooleanField, DateField, Form, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired

from compliance.engine import import_files
from compliance.engine.import_files import FORMULA, MAX_ROWS, YES_OR_NO, ImportFileError
from workflows.offer.terms import Terms


class Hire(Form):
    title = StringField("Title", [InputRequired()], description="What it is called.")
    size = IntegerField("Size", [InputRequired()])
    day = DateField("Day")
    loud = BooleanField("Loud")
    kind = SelectField("Kind", choices=[SelectChoice("a", "Short"), SelectChoice("b", "Long")])
    tags = SelectMultipleField("Tags", choices=[SelectChoice("red", "Red"), SelectChoice("blue", "Blue")])


def read(content: str | bytes, name: str = "x.csv") -> list[import_files.Row]:
    return import_files.read(content.encode() if isinstance(content, str) else content, name, Hire)


@pytest.mark.parametrize(
    "content",
    [
        "title,size\nCrane,5\n",
        "title;size\r\nCrane;5\r\n",
        "title\tsize\rCrane\t5\r",
        "\ufefftitle,size\nCrane,5",
        '"title","size"\n"Crane","5"\n\n',
        " title , size \n Crane , 5 \n,\n",
    ],
)
def test_csv_is_read_however_a_spreadsheet_writes_it(content: str) -> None:
    (row,) = read(content)
    assert (row.line, row.values, row.wrong) == (2, {"title": "Crane", "size": "5"}, {})


def test_a_row_names_the_line_that_it_begins_on() -> None:
    rows = read('title,size\n"Two\nlines",5\n\nCrane,6\n')
    assert [(row.line, row.values["title"]) for row in rows] == [(2, "Two\nlines"), (5, "Crane")]


@pytest.mark.parametrize(
    "cell,value,wrong",
    [("yes", True, None), ("TRUE", True, None), ("1", True, None), ("no", False, None), ("0", False, None),
     ("", False, None), ("perhaps", False, YES_OR_NO)],
)  # fmt: skip
def test_yes_and_no_are_read_as_people_write_them(cell: str, value: bool, wrong: str | None) -> None:
    (row,) = read(f"title,size,loud\nCrane,5,{cell}\n")
    assert (row.values["loud"], row.wrong.get("loud")) == (value, wrong)


def test_several_choices_stand_in_one_cell() -> None:
    (row,) = read("title,size,tags\nCrane,5,red | blue\n")
    assert row.values["tags"] == ["red", "blue"]


def test_a_formula_is_pointed_out_and_its_apostrophe_taken_off() -> None:
    bad, good, number = read("title,size\n=1+1,5\n'=1+1,5\nCrane,-5\n")
    assert bad.wrong == {"title": FORMULA}
    assert (good.wrong, good.values["title"]) == ({}, "=1+1")
    assert number.wrong == {}


def test_the_template_comes_back_without_its_help() -> None:
    text = import_files.template(Hire)
    heading, help_line = text.splitlines()
    assert heading == "title,size,day,loud,kind,tags"
    assert "# Title (required). What it is called." in help_line
    assert "One of: a, b." in help_line
    assert "Write yes or no." in help_line
    assert "with | between them: red, blue" in help_line
    rows = import_files.read(f"{text}Crane,5,,,,\r\n".encode(), "x.csv", Hire)
    assert [row.values["title"] for row in rows] == ["Crane"]


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "x.csv", "is empty"),
    "blank": (b" \n\n", "x.csv", "is empty"),
    "only a heading": (b"title,size\n", "x.csv", "holds no rows"),
    "Latin-1": ("title,size\nCrane,5\nKr\u00e4ne,6\n".encode("latin-1"), "x.csv", "Line 3 is not UTF-8"),
    "UTF-16": ("title,size\nCrane,5\n".encode("utf-16"), "x.csv", "Line 1 is not UTF-8"),
    "NUL": (b"title,size\nCra\0ne,5\n", "x.csv", "Line 2 holds a NUL"),
    "a column twice": (b"title,size,title\nCrane,5,x\n", "x.csv", "“title” twice"),
    "an unknown column": (b"title,sizes\nCrane,5\n", "x.csv", "Perhaps you mean “size”"),
    "a strange column": (b"title,size,zzz\nCrane,5,1\n", "x.csv", "The columns are: title, size"),
    "a missing column": (b"title\nCrane\n", "x.csv", "lacks size"),
    "a nameless column": (b"title,size,\nCrane,5,\n", "x.csv", "Column 3 has no heading"),
    "50,000 columns": (b",".join(b"c%d" % n for n in range(50_000)) + b"\n", "x.csv", "50,000 columns"),
    "50,000 empty columns": (b"title,size" + b"," * 50_000 + b"\n", "x.csv", "50,002 columns"),
    "a ragged row": (b"title,size\nCrane,5\nCrane,5,6\n", "x.csv", "Line 3 has another number of cells"),
    "ragged rows": (b"title,size\n" + b"Crane\n" * 9, "x.csv", "Lines 2, 3, 4, 5, 6 and 4 more have"),
    "an open quotation": (b'title,size\nCrane,5\n"Crane,6\n', "x.csv", "Line 3 cannot be read"),
    "a huge cell": (b"title,size\n" + b"a" * 200_000 + b",5\n", "x.csv", "Line 2 cannot be read"),
    "too many rows": (b"title,size\n" + b"Crane,5\n" * (MAX_ROWS + 1), "x.csv", "more than 10,000 rows"),
    "a line that is no JSON": (b'{"title": "a"}\n{"title" "b"}\n', "x.jsonl", "Line 2 is not JSON: look at column"),
    "a list": (b"[1]\n", "x.jsonl", "Line 1 must be one JSON object"),
    "depth 50,000": (b'{"title": ' + b"[" * 50_000 + b"\n", "x.jsonl", "Line 1 nests deeper than 32"),
    "a member twice": (b'{"title": "a", "title": "b"}\n', "x.jsonl", "Line 1 names a member twice"),
    "not a number": (b'{"size": NaN}\n', "x.jsonl", "NaN is not a number"),
    "a number of 5,000 digits": (b'{"size": ' + b"9" * 5000 + b"}\n", "x.jsonl", "too many digits"),
    "an unknown member": (b'{"sizes": 5}\n', "x.jsonl", "Line 1 names “sizes”"),
    "an odd member": (b'{"\\ud800": 5}\n', "x.jsonl", "Line 1 names “?”"),
    "an object as a value": (b'{"title": {}}\n', "x.jsonl", "something other than text"),
    "a list as a value": (b'{"title": ["a"]}\n', "x.jsonl", "something other than text"),
    "true as a text": (b'{"title": true}\n', "x.jsonl", "something other than text"),
    "a list of numbers": (b'{"tags": [1]}\n', "x.jsonl", "something other than text"),
    "a lone surrogate": (b'{"title": "\\ud800"}\n', "x.jsonl", "a character that is not text"),
    "a lone surrogate in a list": (b'{"tags": ["\\ud800"]}\n', "x.jsonl", "a character that is not text"),
    "an escaped NUL": (b'{"title": "\\u0000"}\n', "x.jsonl", "a character that is not text"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_an_odd_file_is_refused_with_a_sentence(case: str) -> None:
    content, name, words = REFUSED[case]
    with pytest.raises(ImportFileError) as refused:
        read(content, name)
    assert words in refused.value.sentence
    assert refused.value.sentence.endswith(".")
    assert len(refused.value.sentence) < 400


def test_json_lines_are_read_with_their_types() -> None:
    line = {"title": "Crane", "size": 5, "day": None, "loud": True, "tags": ["red"], "kind": "a"}
    rows = read(json.dumps(line) + "\r\n\n" + json.dumps({"title": "x", "loud": False, "size": 1.5}), "x.jsonl")
    assert rows[0].values == {"title": "Crane", "size": "5", "loud": True, "tags": ["red"], "kind": "a"}
    assert (rows[1].line, rows[1].values) == (3, {"title": "x", "loud": False, "size": "1.5"})
    assert read('{"title": "Crane", "loud": "yes"}', "x.jsonl")[0].wrong == {"loud": "Give true or false."}


def test_json_lines_are_known_by_their_first_sign_where_the_name_says_nothing() -> None:
    assert read(' {"title": "Crane"}', "x.txt")[0].values == {"title": "Crane"}


@given(st.binary(max_size=200) | st.text(alphabet="title,size;\n\"=' 5é", max_size=80).map(str.encode))
def test_no_bytes_break_anything(content: bytes) -> None:
    for name in ("x.csv", "x.jsonl", "x"):
        for begin in (b"", b"title,size\n"):
            try:
                rows = import_files.read(begin + content, name, Hire)
            except ImportFileError:
                continue
            assert rows


def test_a_column_with_very_many_choices_is_described_by_some_of_them() -> None:
    field = Terms()["currency"]
    told = import_files.how_to_write(field)
    assert told.startswith("One of 154 codes, such as USD, EUR, GBP, CAD")
    assert told.count(",") == import_files.MOST_NAMED
