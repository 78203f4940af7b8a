"""The command that imports, as its user types it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from compliance.cli_imports import import_cases
from tests.offer.scene import Desk
from tests.offer.test_importing import offers, table_of

GOOD = table_of(
    {"starts_on": "2099-01-01", "ends_on": "2099-02-01"}, {"starts_on": "2001-01-01", "ends_on": "2001-02-01"}
)


@pytest.fixture
def desk(app: object) -> Desk:
    del app  # Asked for so that the database is there.
    return Desk()


def run(folder: Path, content: bytes, *options: str, plural: str = "offers") -> Result:
    path = folder / "offers.csv"
    path.write_bytes(content)
    return CliRunner().invoke(import_cases, [plural, str(path), *options])


WHO = ("--organisation", "Acme", "--as", "mona@example.com")


def test_a_good_file_is_imported_and_handed_in(desk: Desk, tmp_path: Path) -> None:
    del desk
    checked = run(tmp_path, GOOD, *WHO, "--check")
    assert (checked.exit_code, offers()) == (0, [])
    done = run(tmp_path, GOOD, *WHO, "--submit")
    assert done.exit_code == 0, done.output
    assert "2 opened, 1 of them handed in" in done.output
    assert [offer.state for offer in offers()] == ["submitted", "draft"]
    assert "imported before" in run(tmp_path, GOOD, *WHO).output
    assert run(tmp_path, GOOD, *WHO, "--again").exit_code == 0


def test_bad_rows_are_listed_and_nothing_is_imported(desk: Desk, tmp_path: Path) -> None:
    del desk
    found = run(tmp_path, table_of({}, {"amount": "lots"}), *WHO)
    assert found.exit_code == 1
    assert "3,amount,lots," in found.output
    assert "1 of 2 rows are refused" in found.output
    assert offers() == []


@pytest.mark.parametrize(
    "options,plural,words",
    [
        (WHO, "nothings", "Choose one of: enquiries, offers, permits."),
        (WHO, "rule-changes", "nothing called “rule-changes”"),
        (("--organisation", "Nobody", "--as", "mona@example.com"), "offers", "no organisation called"),
        (("--organisation", "Acme", "--as", "nobody@example.com"), "offers", "Nobody signs in"),
        ((*WHO, "--team", "Blue"), "offers", "no team called"),
        (("--organisation", "Acme", "--as", "rita@example.com"), "offers", "you need the role"),
        (("--organisation", "Acme", "--as", "fay@example.com"), "offers", "you need the role"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    desk: Desk, tmp_path: Path, options: tuple[str, ...], plural: str, words: str
) -> None:
    del desk
    found = run(tmp_path, GOOD, *options, plural=plural)
    assert found.exit_code == 1
    assert words in found.output
    assert offers() == []


def test_an_odd_file_is_a_sentence(desk: Desk, tmp_path: Path) -> None:
    del desk
    assert "is not UTF-8" in run(tmp_path, b"\xff\xfe", *WHO).output
    assert "at most 16 MB" in run(tmp_path, b"a" * 16_000_001, *WHO).output
