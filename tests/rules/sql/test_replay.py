"""Replaying files of past findings: what would change, page by page, and going on where it was broken off."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from compliance.rules import store
from compliance.rules.finding import to_line
from compliance.rules.library import Library
from compliance.rules.replay import Changed, Moved, Shelf, answer_column, changed, matrix, replay
from compliance.rules.sql.compiled import Compilable, decided
from compliance.rules.sql.database import opened, write
from compliance.rules.sql.writing import name, text
from tests.rules.sql.test_equal import ON, Given, drawn

KEY = "us-il-abc"
IN_FILE = 200
OLD = "employee"


@pytest.fixture
def rules() -> Compilable:
    found = Library(("workflows",)).find(KEY, at=ON)
    assert isinstance(found, Compilable)
    return found


@pytest.fixture
def interviews(rules: Compilable) -> list[Given]:
    return list(drawn(rules, random.Random(7)))[:700]  # noqa: S311 - interviews, not secrets


@pytest.fixture
def shelf(rules: Compilable, interviews: list[Given], tmp_path: Path) -> Shelf:
    """Put findings on a shelf of which all said the same."""
    made = Shelf(tmp_path / "replay")
    made.past.mkdir(parents=True)
    for number, first in enumerate(range(0, len(interviews), IN_FILE)):
        fill(made.part(number), rules, interviews[first : first + IN_FILE], first)
    return made


def fill(part: Path, rules: Compilable, interviews: list[Given], first: int) -> None:
    lines = part.with_suffix(".jsonl")
    lines.write_text(
        "".join(
            to_line(
                {"determination": f"{number:032x}", "party": "client", "old": OLD}
                | {answer_column(key): to_line(value) for key, value in answers.items()}
            )
            + "\n"
            for number, answers in enumerate(interviews, start=first)
        )
    )
    names = ["determination", "party", "old", *(answer_column(question.key) for question in rules.questions[1:])]
    typed = ", ".join(f"{name(one)}: 'VARCHAR'" for one in names)
    with opened(part.parent) as database:
        write(database, f"(FROM read_json({text(str(lines))}, columns = {{{typed}}}))", part)
    lines.unlink()


def on(_done: int, _of: int) -> bool:
    return True


def test_what_would_change_is_what_deciding_one_by_one_finds(
    rules: Compilable, interviews: list[Given], shelf: Shelf
) -> None:
    never_asked = rules.questions[0].key  # Its column is in none of the files.
    now = [decided(rules, {k: v for k, v in answers.items() if k != never_asked}) for answers in interviews]
    assert replay(rules, shelf, on)
    assert matrix(shelf) == [Moved(OLD, new, count) for new, count in sorted(Counter(now).items())]
    expected = [Changed(f"{n:032x}", "client", OLD, new) for n, new in enumerate(now) if new != OLD]
    found: list[Changed] = []
    while page := changed(shelf, found[-1] if found else None, size=37):
        assert len(page) <= 37
        found += page
    assert found == expected
    assert len(expected) > 100


def test_it_tells_how_far_it_is_and_stops_between_two_files_when_told_to(rules: Compilable, shelf: Shelf) -> None:
    told: list[tuple[int, int]] = []

    def stop_once_after_two(done: int, of: int) -> bool:
        told.append((done, of))
        return len(told) != 3

    assert replay(rules, shelf, stop_once_after_two) is False
    assert told == [(0, 4), (1, 4), (2, 4)]
    assert len(shelf.open_parts()) == 2
    first = {path: path.stat().st_mtime_ns for path in shelf.results.glob("*.parquet")}
    told.clear()
    assert replay(rules, shelf, stop_once_after_two)
    assert told == [(2, 4), (3, 4), (4, 4)]
    assert first == {path: path.stat().st_mtime_ns for path in first}
    assert sum(moved.findings for moved in matrix(shelf)) == 700


def test_after_a_kill_what_is_done_is_not_done_again_and_the_rest_is(rules: Compilable, shelf: Shelf) -> None:
    kept = shelf.folder / "content.json"
    kept.write_text(json.dumps(Library(("workflows",)).content_of(rules)))  # type: ignore[arg-type]
    script = (
        "import os, signal, sys; from pathlib import Path; from compliance.rules import store;"
        "from compliance.rules.replay import Shelf, replay;"
        "shelf = Shelf(Path(sys.argv[1])); content = (shelf.folder / 'content.json').read_text();"
        "rules = store.read(sys.argv[2], sys.argv[3], content);"
        "replay(rules, shelf, lambda done, of: os.kill(os.getpid(), signal.SIGKILL) if done == 2 else True)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(shelf.folder), KEY, rules.version], check=False)
    assert killed.returncode == -9
    done = {path: path.stat().st_mtime_ns for path in shelf.results.glob("*.parquet")}
    assert len(done) == 2
    (shelf.results / "part-000002.partial").write_bytes(b"half a file")
    same = store.read(KEY, rules.version, kept.read_text())
    assert isinstance(same, Compilable)
    assert replay(same, shelf, on)
    assert done == {path: path.stat().st_mtime_ns for path in done}
    assert sum(moved.findings for moved in matrix(shelf)) == 700


def test_where_nothing_was_replayed_nothing_is_told(tmp_path: Path) -> None:
    assert (matrix(Shelf(tmp_path)), changed(Shelf(tmp_path))) == ([], [])


def test_no_process_of_the_desk_carries_the_database_before_it_replays() -> None:
    script = (
        "import sys; import compliance.cli, compliance.cli_rules, compliance.worker; assert 'duckdb' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
