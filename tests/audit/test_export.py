import base64
import csv
import datetime as dt
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import CliRunner
from flask import Flask

from compliance import cli
from compliance.audit import canonical, erasing, events, export
from compliance.audit.models import AuditEvent
from compliance.audit.sealed import commitment
from compliance.audit.taking import Taking
from compliance.audit.vocabulary import Event, UnknownEventError
from compliance.authz import SYSTEM_ACTOR
from compliance.kernel.db import session
from tests import make


def leaf(line: str) -> str:
    return canonical.leaf_hash(line.rstrip("\n").encode()).hex()


def write_events(count: int) -> None:
    for number in range(count):
        events.append("config", Event.ORGANISATION_CHANGED, SYSTEM_ACTOR, subject={"number": number})
    session().commit()


def taken(narrowed: export.Filter | None = None) -> Taking:
    made = Taking(SYSTEM_ACTOR, narrowed or export.Filter(), export.jsonl())
    made.begin()
    session().commit()
    return made


def test_export_holds_every_event_once_and_in_order_across_batches(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 3)
    with app.app_context():
        write_events(9)
        found = taken()
        parts = list(found.text())
    lines = "".join(parts).splitlines()
    assert all(parts), "a server may take an empty part for the end"
    assert found.count == 9
    assert [json.loads(line)["subject"]["number"] for line in lines[:-1]] == list(range(9))


@pytest.mark.usefixtures("app")
def test_a_filter_narrows() -> None:
    write_events(2)
    events.append("log", Event.EXPORT_MADE, SYSTEM_ACTOR)
    session().commit()
    (batch,) = export.batches(session(), export.Filter(stream="log"))
    assert [found.event.stream for found in batch] == ["log"]
    assert list(export.batches(session(), export.Filter(action="person.created"))) == [[]]


@pytest.mark.usefixtures("app")
def test_an_export_ends_where_the_record_ended_when_it_began_and_its_trailer_vouches_for_it() -> None:
    write_events(3)
    found = taken(export.Filter(stream="config"))
    write_events(2)
    text = "".join(found.text())
    found.end()
    session().commit()
    *lines, last = text.splitlines(keepends=True)
    trailer = json.loads(last)
    assert trailer["v"] == "audit-export/1"
    assert trailer["count"] == len(lines) == 3
    assert trailer["filter"] == {"stream": "config"}
    assert trailer["exporter"]["name"] == SYSTEM_ACTOR.name
    assert trailer["sha256"] == hashlib.sha256("".join(lines).encode()).hexdigest()
    ends = [{"event": json.loads(line)["id"], "hash": leaf(line)} for line in (lines[0], lines[-1])]
    assert [trailer["first"], trailer["last"]] == ends
    (made,) = exports()
    assert made["up_to"] == trailer["last"]
    ended = session().scalars(sa.select(AuditEvent.entry).where(AuditEvent.action == Event.EXPORT_ENDED)).one()
    assert json.loads(ended)["subject"] == {
        name: trailer[name] for name in ("export", "count", "first", "last", "sha256")
    }


@pytest.mark.usefixtures("app")
def test_what_opens_sealed_values_is_taken_in_a_file_of_its_own_and_fits(tmp_path: Path) -> None:
    events.append("config", Event.ORGANISATION_CHANGED, SYSTEM_ACTOR, reason="They asked")
    session().commit()
    out = tmp_path / "opened.jsonl"
    assert CliRunner().invoke(cli.audit, ["export", str(out), "--format", "disclosures"]).exit_code == 0
    opening = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    written = session().scalars(sa.select(AuditEvent).where(AuditEvent.stream == "config")).one()
    assert (opening["id"], opening["path"], opening["value"]) == (str(written.event_id), "reason", "They asked")
    sealed = json.loads(written.entry)["reason"]["$sealed"]
    assert commitment(base64.b64decode(opening["salt"]), opening["value"]) == sealed
    assert exports()[0]["format"] == "disclosures"


@pytest.mark.usefixtures("app")
def test_the_table_of_the_command_says_who_and_why_in_words_and_runs_no_formula(tmp_path: Path) -> None:
    ada = replace(make.actor("Ada"), ip="192.0.2.7")
    at = make.organisation("=Acme()")
    changed = Event.ORGANISATION_CHANGED
    events.append("config", changed, ada, organisation_id=at.id, reason="=HYPERLINK(1)")
    erased = events.append("config", changed, ada, organisation_id=at.id, reason="Secret")
    session().commit()
    erasing.erase([erased.event_id], SYSTEM_ACTOR, "She asked.")
    session().commit()
    out = tmp_path / "record.csv"
    assert CliRunner().invoke(cli.audit, ["export", str(out), "--format", "csv", "--stream", "config"]).exit_code == 0
    first, second, trailer = csv.DictReader(io.StringIO(out.read_text(encoding="utf-8")))
    assert (first["actor_name"], first["organisation"], first["address"]) == ("Ada", "'=Acme()", "192.0.2.7")
    assert first["reason"] == "'=HYPERLINK(1)"
    assert second["reason"] == second["address"] == "Sealed; what opened it was erased"
    assert leaf(first["entry"]) == first["leaf_hash"] == json.loads(second["entry"])["prev"]
    assert trailer["at"] == "End of the export"
    assert json.loads(trailer["entry"])["count"] == 2


@pytest.mark.usefixtures("app")
def test_the_name_of_a_file_says_what_it_holds_and_when_it_was_taken() -> None:
    since, until = (dt.datetime(2026, month, 1, tzinfo=dt.UTC) for month in (1, 2))
    with time_machine.travel(dt.datetime(2026, 3, 2, tzinfo=dt.UTC)):
        narrowed = export.Filter(stream="offer/1", action="offer.approve", actor_id="x", since=since, until=until)
        whole, part = taken(), Taking(SYSTEM_ACTOR, narrowed, export.disclosures(), place="OF-1")
        assert whole.file_name == "record-taken-2026-03-02.jsonl"
        assert part.file_name == (
            "record-OF-1-offer.approve-one-person-from-2026-01-01-before-2026-02-01-taken-2026-03-02.disclosures.jsonl"
        )


@pytest.mark.usefixtures("app")
def test_an_event_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(UnknownEventError):
        events.append("log", "made.up", SYSTEM_ACTOR)


def exports() -> list[dict[str, Any]]:
    """Return what each export of the record says of itself."""
    entries = session().scalars(sa.select(AuditEvent.entry).where(AuditEvent.action == Event.EXPORT_MADE))
    return [json.loads(entry)["subject"] for entry in entries]


@pytest.mark.usefixtures("app")
def test_the_command_puts_an_export_with_its_filter_on_record_before_it_writes(tmp_path: Path) -> None:
    write_events(2)
    out = tmp_path / "record.jsonl"
    asked = ["export", str(out), "--stream", "config", "--since", "2026-01-01", "--until", "2100-01-01"]
    assert CliRunner().invoke(cli.audit, asked).exit_code == 0
    assert len(out.read_text().splitlines()) == 2 + 1
    since, until = "2026-01-01 00:00:00+00:00", "2100-01-01 00:00:00+00:00"
    (made,) = exports()
    assert made["filter"] == {"stream": "config", "since": since, "until": until}
    assert made["format"] == "jsonl"
    everything = CliRunner().invoke(cli.audit, ["export", "-"]).stdout.splitlines()
    assert Event.EXPORT_ENDED in everything[-2]
    assert exports()[1]["filter"] == {}


@pytest.mark.usefixtures("app")
def test_an_export_that_nobody_reads_to_its_end_is_on_record() -> None:
    write_events(100)
    with pytest.raises(OSError, match="No space left"):
        cli.export_record.main(["/dev/full"], standalone_mode=False)
    (made,) = exports()
    assert (made["filter"], made["format"]) == ({}, "jsonl")
    assert Event.EXPORT_ENDED not in session().scalars(sa.select(AuditEvent.action)).all()
