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
        ("[[section]]", "[[section", "not valid TOML"),
        ('key = "control"', 'key = "controls"', "the section “control” is unknown"),
        ('kind = "otherwise"', 'kind = "always"', "kind “always” is unknown"),
        ('kind = "otherwise"\nresult = "Not Matched"', 'kind = "otherwise"\nresult = "No"', "result “No” is unknown"),
        ('title = "Working arrangements"', "", "section “control”: “title” must be given"),
        ('HIGH = "the client is in control', 'HUGE = "x"\nHIGH = "the client is in control', "HUGE” is declared, but"),
        ('score = "INIR35"', 'score = "HIGH"', "the section “exit” cannot score “HIGH”"),
        ('table = "result"', 'table = "outcome"', "there is no file tables/outcome.txt"),
        ('empty = "MEDIUM"', 'empty = "NONE"', "score “NONE” of an empty section"),
        ('outcome = "employee"', 'outcome = "staff"', "outcome “staff” is unknown"),
        ("effective_from = 2019-10-24", 'effective_from = "soon"', "must be a date"),
        ("effective_from", "effective_form", "“effective_form” is no entry known here"),
        ('wording_by = "route"', 'wording_by = "purpose"', "must be worded for each of new, check"),
        ('name = "resultWithoutBooa"', 'name = "a b"', "cannot be used as name"),
    ],
)
def test_a_broken_head_is_refused(folder: Path, old: str, new: str, words: str) -> None:
    replace(folder / FILE, old, new)
    with pytest.raises(RuleSetError, match=words):
        load(folder)


@pytest.mark.parametrize(
    "old,new,words",
    [
        ('key = "purpose"', 'key = "route"', "the key “route” is used twice"),
        ('key = "purpose"', 'key = "no"', "cannot be used as key"),
        ("route is paye", "route is pay", "“pay” is no answer of route; it has ir35, paye"),
        ("route is paye", "route = paye", "cannot be read"),
        ("route is paye", "officeHolder is yes", "no question asked before"),
        ('type = "yes_no"', 'type = "date"', "the type “date” is unknown"),
        ('value = "paye"', 'value = "ir35"', "“ir35” is there twice"),
        ("value = true, when", 'value = "true", when', "none of its options yes, no"),
        ("why = ", "whi = ", "“why” must be given"),
        ("decides = false", 'decides = "no"', "must be true or false"),
        ('section = "exit"', 'section = "way out"', "the section “way out” is unknown"),
    ],
)
def test_a_broken_questionnaire_is_refused(folder: Path, old: str, new: str, words: str) -> None:
    replace(folder / "questions.toml", old, new)
    with pytest.raises(RuleSetError, match=words):
        load(folder)


def test_a_matrix_that_leaves_a_combination_open_is_refused(folder: Path) -> None:
    path = folder / "tables" / "result.txt"
    *rows, _ = path.read_text().splitlines()
    path.write_text("\n".join(rows))
    with pytest.raises(RuleSetError, match=r"result\.txt: no row covers the combination personalService"):
        load(folder)


def test_a_row_may_be_kept_though_nothing_reaches_it(folder: Path) -> None:
    path = folder / "tables" / "exit.txt"
    path.write_text(path.read_text() + "\nno/yes | CONTINUE (kept)\n")
    assert len(load(folder).table("exit").rows) == 3


def test_a_table_that_nothing_uses_is_refused(folder: Path) -> None:
    (folder / "tables" / "spare.txt").write_text("officeHolder | outcome\nno | CONTINUE\n")
    with pytest.raises(RuleSetError, match=r"spare\.txt: no section and no step"):
        load(folder)


@pytest.mark.parametrize("name", ["rule_set.toml", "questions.toml", "tables/exit.txt"])
def test_an_absent_or_unreadable_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff\xfe")
    with pytest.raises(RuleSetError, match="not UTF-8"):
        load(folder)
    (folder / name).unlink()
    with pytest.raises(RuleSetError, match=r"cannot be read|there is no file"):
        load(folder)


def test_the_digest_follows_the_content_and_not_its_layout(folder: Path) -> None:
    before = load(folder).digest
    table = folder / "tables" / "exit.txt"
    table.write_text("# Another comment\n" + table.read_text().replace(" | ", "|"))
    assert load(folder).digest == before
    replace(folder / FILE, "Working arrangements", "Arrangements for the work")
    assert load(folder).digest != before


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_folder_whose_name_is_not_its_key_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "otherrules"
    shutil.copytree(folder, package / "rules" / "uk-other")
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RuleSetError, match="the folder is called “uk-other”"):
        catalog.get("uk-other", ("otherrules",))
