"""Replaying real determinations: gathered from the database, replayed as a job, and not one of them touched."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from compliance.cli_rules import rules as command
from compliance.engine import replaying
from compliance.engine.determination import Determination
from compliance.kernel.db import session
from compliance.rules import replay, store
from compliance.rules.replay import Moved
from compliance.rules.sql.compiled import Compilable, decided
from tests.offer.scene import APPROVAL, CEST, INSIDE, OPEN, OUTSIDE, Desk

pytestmark = pytest.mark.usefixtures("replays")
FLSA = "us-flsa"
TEXAS = dict.fromkeys(("freelancer_country", "client_country", "work_place"), "US-TX")


@pytest.fixture
def decisions(desk: Desk) -> int:
    """Decide three offers, one with the answers of both parties; return how many findings that makes."""
    for _ in range(2):
        desk.approved()
    desk.in_review()
    desk.freelancer_answers(OUTSIDE)
    desk.act(desk.rita, "approve", **APPROVAL)
    return 4


def plan(key: str) -> tuple[Compilable, str]:
    found = store.shipped(key) if key in store.shipped_keys() else store.library().find(key, at=dt.date(2026, 3, 2))
    return replaying.replayable(found), replaying.plan(found, store.content_of(found))


def on(_done: int, _of: int) -> bool:
    return True


def rows() -> list[tuple[object, ...]]:
    found = [tuple(row) for row in session().execute(sa.select(Determination.__table__))]
    session().rollback()
    return found


def test_the_shipped_version_finds_again_what_it_found_and_nothing_is_changed(decisions: int) -> None:
    before = rows()
    _, called = plan(CEST)
    shelf = replaying.shelf_of(called)
    assert replaying.run(shelf, on, findings_in_file=1)
    assert len(shelf.parts()) == 1  # What is read at once is never torn apart.
    assert replay.matrix(shelf) == [Moved(OUTSIDE, OUTSIDE, decisions)]
    assert replay.changed(shelf) == []
    assert rows() == before


def test_a_second_run_adds_only_what_was_decided_since(
    desk: Desk, decisions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "READ_AT_ONCE", 1)
    _, called = plan(CEST)
    shelf = replaying.shelf_of(called)
    assert replaying.run(shelf, on, findings_in_file=2)
    assert len(shelf.parts()) == 2
    kept = {path: path.stat().st_mtime_ns for path in (*shelf.parts(), *shelf.results.glob(replay.PART))}
    assert plan(CEST)[1] == called
    desk.approved()
    assert replaying.run(shelf, on, findings_in_file=2)
    assert len(shelf.parts()) == 3
    assert kept == {path: path.stat().st_mtime_ns for path in kept}
    assert sum(moved.findings for moved in replay.matrix(shelf)) == decisions + 1


@pytest.mark.usefixtures("decisions")
def test_one_of_several_tests_is_replayed_on_its_own_finding(desk: Desk) -> None:
    desk.approved(**TEXAS)
    (kept,) = [one for one in session().scalars(sa.select(Determination)) if one.rule_set != CEST]
    assert kept.rule_set is not None
    assert FLSA in kept.rule_set.split("+")
    assert "+" in kept.rule_set
    found, called = plan(FLSA)
    shelf = replaying.shelf_of(called)
    assert replaying.run(shelf, on)
    old = replaying.word_of(kept.findings["client"], FLSA)
    assert old == decided(found, kept.answers["client"])
    assert replay.matrix(shelf) == [Moved(old, old, 1)]


def test_what_led_to_no_finding_has_no_word() -> None:
    assert replaying.word_of(None, CEST) is None
    assert replaying.word_of({"findings": [{"rule_set": "another", "outcome": "employee"}]}, CEST) is None
    assert replaying.word_of({"rule_set": CEST, "result": OPEN, "outcome": "needs_review"}, CEST) == OPEN


def amended(folder: Path) -> Path:
    """Copy the table, and let one area alone lead inside where it led outside."""
    shipped = Path(__file__).parents[2] / "workflows" / "rules" / CEST
    target = folder / "amended"
    shutil.copytree(shipped, target)
    head = target / "rule_set.toml"
    words = head.read_text(encoding="utf-8").replace('version = "2.4"', 'version = "2.5"', 1)
    head.write_text(words.replace(f'"{OUTSIDE}"', f'"{INSIDE}"', 1), encoding="utf-8")
    return target


def test_the_command_shows_what_an_amended_table_would_change(decisions: int, tmp_path: Path) -> None:
    before = rows()
    shown = CliRunner().invoke(command, ["replay", CEST, "--folder", str(amended(tmp_path)), "--list"])
    assert shown.exit_code == 0, shown.output
    assert f"{CEST} 2.5: of {decisions} findings {decisions} would change. Nothing was changed." in shown.output
    assert f"{OUTSIDE} would be {INSIDE}" in shown.output
    assert "1 of 1 files replayed" in shown.output
    listed = [line for line in shown.output.splitlines() if "client: " in line or "freelancer: " in line]
    assert len(listed) == decisions
    assert {line.split()[0] for line in listed} == {str(row[0]) for row in before}
    assert rows() == before


def test_the_command_replays_the_version_in_force_or_the_one_asked_for(decisions: int) -> None:
    for asked in ([], ["--version", "2.4"]):
        shown = CliRunner().invoke(command, ["replay", CEST, *asked])
        assert shown.exit_code == 0, shown.output
        assert f"{CEST} 2.4: of {decisions} findings 0 would change." in shown.output


@pytest.mark.parametrize(
    "asked, said",
    [
        pytest.param(["nowhere"], "There is no rule set", id="unknown"),
        pytest.param([CEST, "--version", "9"], "There is no rule set", id="unknown version"),
        pytest.param(["nyc-fifa"], "decides no status", id="a check"),
        pytest.param([CEST, "--version", "2.4", "--folder", "."], "--version or --folder", id="both"),
        pytest.param([FLSA, "--folder", "amended"], f"but “{FLSA}” was to be replayed", id="another key"),
        pytest.param([CEST, "--folder", "empty"], "There is no rule set", id="nothing in the folder"),
    ],
)
@pytest.mark.usefixtures("desk")
def test_what_cannot_be_replayed_is_refused_in_a_sentence(
    asked: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    amended(tmp_path)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(command, ["replay", *asked])
    assert shown.exit_code != 0
    assert said in shown.output


@pytest.mark.usefixtures("decisions")
def test_replays_that_nobody_went_on_with_are_forgotten(replays: Path) -> None:
    _, called = plan(CEST)
    replaying.run(replaying.shelf_of(called), on)
    replaying.forget()
    assert [path.name for path in replays.iterdir()] == [called]
    for path in (replays / called, replays / called / "lock"):
        os.utime(path, (0, 0))
    replaying.forget()
    assert list(replays.iterdir()) == []
