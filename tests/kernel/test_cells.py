"""No cell that we write runs as a formula, and what was typed comes back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.kernel.cells import as_typed, harmless, is_formula

STARTS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
odd_text = st.text(st.characters(), max_size=20) | st.text(f"{STARTS} \u00a0\u3000\ufeff'1aä", max_size=8)


@given(odd_text)
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = harmless(text)
    assert not cell.lstrip().startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))
    assert not cell.lstrip(" \u00a0\u3000\ufeff").startswith(tuple(STARTS))


@given(odd_text)
def test_what_was_typed_comes_back(text: str) -> None:
    if not text.startswith("'"):
        assert as_typed(harmless(text)) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=5))
def test_a_row_reads_back_as_it_was_written(cells: list[str]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([harmless(cell) for cell in cells])
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert row == [harmless(cell) for cell in cells]


@pytest.mark.parametrize(
    "text", ["=1+1", " =1+1", "+x", "-x", "@x", "\t=x", "\uff1d1", "\0=1", "\u00a0=1", "\u3000@x", "\rx", "\nx"]
)
def test_formulas_become_text(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert is_formula(text)


@pytest.mark.parametrize("text", ["", "x", "1-2", "a=b", "'x", "-5", "+3.50", "-1,250.50"])
def test_text_and_numbers_are_no_formulas(text: str) -> None:
    assert not is_formula(text)
