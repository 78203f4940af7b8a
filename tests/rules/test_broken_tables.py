import shutil
from pathlib import Path

import pytest

from compliance.rules import catalog
from compliance.rules.errors import RuleSetError
from compliance.rules.loading import FILE, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = catalog.folders(("workflows",))["uk-cest-2.4"]
    return Path(shutil.copytree(source, tmp_path / "set"))


@pytest.mark.parametrize(
    "table,old,new,words",
    [
        ("exit", "yes ", "maybe ", r"exit.txt, line 5, column 1 \(officeHolder\).*“maybe” is no answer"),
        ("exit", "INIR35", "INSIDE", r"line 5, column 2 \(outcome\).*“INSIDE” is no outcome"),
        ("exit", "| INIR35", "|", "the row has no outcome"),
        ("exit", "yes ", "yes | no ", "row 2 has 3 cells"),
        ("exit", "yes ", "no ", "same conditions as row 1"),
        ("exit", "no  ", "-  ", "row 2 can never decide"),
        ("exit", "officeHolder", "officeKeeper", "“officeKeeper” is not known here"),
        ("exit", "outcome", "result", "last heading must be"),
        ("exit", "yes ", "  ", "the cell is empty"),
    ],
)
def test_a_broken_table_is_refused_with_its_place(folder: Path, table: str, old: str, new: str, words: str) -> None:
    path = folder / "tables" / f"{table}.txt"
    text = path.read_text()
    head, found, rest = text.rpartition(old) if old != "officeHolder" else text.partition(old)
    assert found
    path.write_text(head + new + rest)
    with pytest.raises(RuleSetError, match=words):
        load(folder)


@pytest.mark.parametrize(
    "old,new,words",
    [
        ("[[sections]]", "[[sections", "not valid TOML"),
        ('key = "control"', 'key = "controls"', "has no table"),
        (
            '[[steps]]\nresult = "Not Matched"',
            '[[steps]]\nscore = "X"\nsections = []\nresult = "Not Matched"',
            "last step",
        ),
        ('scores = ["INIR35", "CONTINUE"]', "", "'scores' is missing"),
    ],
)
def test_a_broken_head_is_refused(folder: Path, old: str, new: str, words: str) -> None:
    path = folder / FILE
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(RuleSetError, match=words):
        load(folder)
