import csv
import io
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from compliance import cli
from compliance.audit import events, export
from compliance.audit.models import AuditEvent
from compliance.audit.vocabulary import Event, UnknownEventError
from compliance.authz import SYSTEM_ACTOR
from compliance.kernel.db import session


def write_events(count: int) -> None:
    for number in range(count):
        events.append("config", Event.ORGANISATION_CHANGED, SYSTEM_ACTOR, subject={"number": number})
    session().commit()


def test_export_holds_every_event_once_and_in_order_across_batches(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 3)
    with app.app_context():
        write_events(8)
        out = io.StringIO()
        assert export.write_jsonl(out, export.rows(session())) == 8
    numbers = [json.loads(line)["subject"]["number"] for line in out.getvalue().splitlines()]
    assert numbers == list(range(8))


@pytest.mark.usefixtures("app")
def test_csv_repeats_the_exact_entry_and_its_hash() -> None:
    write_events(2)
    out = io.StringIO()
    export.write_csv(out, export.rows(session()))
    read = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [row["rev"] for row in read] == ["1", "2"]
    assert json.loads(read[1]["entry"])["prev"] == read[0]["leaf_hash"]


@pytest.mark.usefixtures("app")
def test_a_filter_narrows() -> None:
    write_events(2)
    events.append("log", Event.EXPORT_MADE, SYSTEM_ACTOR)
    session().commit()
    assert [row["stream"] for row in export.rows(session(), export.Filter(stream="log"))] == ["log"]
    assert list(export.rows(session(), export.Filter(action="person.created"))) == []


@pytest.mark.usefixtures("app")
def test_an_event_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(UnknownEventError):
        events.append("log", "made.up", SYSTEM_ACTOR)


def exports() -> list[dict[str, str]]:
    """Return what each export of the record says of itself."""
    entries = session().scalars(sa.select(AuditEvent.entry).where(AuditEvent.action == Event.EXPORT_MADE))
    return [json.loads(entry)["subject"] for entry in entries]


@pytest.mark.usefixtures("app")
def test_the_command_puts_an_export_with_its_filter_on_record_before_it_writes(tmp_path: Path) -> None:
    write_events(2)
    out = tmp_path / "record.jsonl"
    asked = ["export", str(out), "--stream", "config", "--since", "2026-01-01", "--until", "2100-01-01"]
    assert CliRunner().invoke(cli.audit, asked).exit_code == 0
    assert len(out.read_text().splitlines()) == 2
    since, until = "2026-01-01 00:00:00+00:00", "2100-01-01 00:00:00+00:00"
    assert exports() == [{"filter": {"stream": "config", "since": since, "until": until}, "format": "jsonl"}]
    everything = CliRunner().invoke(cli.audit, ["export", "-"])
    assert Event.EXPORT_MADE in everything.stdout.splitlines()[-1]
    assert exports()[1] == {"filter": {}, "format": "jsonl"}


@pytest.mark.usefixtures("app")
def test_an_export_that_nobody_reads_to_its_end_is_on_record() -> None:
    write_events(100)
    with pytest.raises(OSError, match="No space left"):
        cli.export_record.main(["/dev/full"], standalone_mode=False)
    assert exports() == [{"filter": {}, "format": "jsonl"}]
