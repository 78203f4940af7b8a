import csv
import io
import json

import pytest
from flask import Flask

from compliance.audit import events, export
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
