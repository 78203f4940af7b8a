"""Published versions stay as they were, and a case is finished on the one that it was answered under."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.exc import DBAPIError

from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM_ACTOR
from compliance.engine import determination
from compliance.engine.errors import RefusedError
from compliance.kernel.db import engine, is_sqlite, session, table
from compliance.rules import catalog, store
from compliance.rules.agenda import agenda
from compliance.rules.errors import UnknownRuleSetError
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import Library
from compliance.rules.loading import load
from compliance.rules.rule_set import RuleSet
from compliance.rules.store import RuleSetVersion
from tests.offer.scene import APPROVAL, MONDAY, OUTSIDE, TERMS, Desk

pytestmark = pytest.mark.usefixtures("app")
SHIPPED = catalog.folders(("workflows",))["uk-cest-2.4"]


@pytest.fixture
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def edit(tmp_path: Path) -> None:
    """Give the test a copy of the rule set to change and to ship."""
    shutil.copytree(SHIPPED, tmp_path / "uk-cest-2.4")


def ship(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, old: str, new: str) -> RuleSet:
    file = tmp_path / "uk-cest-2.4" / "rule_set.toml"
    file.write_text(file.read_text().replace(old, new))
    changed = load(file.parent)
    monkeypatch.setattr(catalog, "folders", lambda _packages: {"uk-cest-2.4": file.parent})
    monkeypatch.setattr(store, "shipped", lambda _key: changed)
    return changed


def test_a_version_is_published_once_with_its_event() -> None:
    rule_set = store.shipped("uk-cest-2.4")
    assert store.publish(session(), rule_set, SYSTEM_ACTOR) is True
    session().commit()
    assert store.publish(session(), rule_set, SYSTEM_ACTOR) is False
    session().commit()
    entries = session().scalars(sa.select(AuditEvent.entry).where(AuditEvent.action == "rules.published")).all()
    assert len(entries) == 1
    assert rule_set.digest in entries[0]


def test_what_was_published_reads_back_as_the_same_rules() -> None:
    store.publish(session(), store.shipped("uk-cest-2.4"), SYSTEM_ACTOR)
    row = session().scalars(sa.select(RuleSetVersion)).one()
    assert store.read(row.key, row.version, row.content).digest == row.digest == store.shipped("uk-cest-2.4").digest


@pytest.mark.usefixtures("edit")
def test_changed_content_under_a_published_version_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store.publish(session(), store.shipped("uk-cest-2.4"), SYSTEM_ACTOR)
    session().commit()
    changed = ship(monkeypatch, tmp_path, "A snapshot.", "A snapshot, mended.")
    with pytest.raises(store.PublishedOtherwiseError, match="Give the changed rule set a new version"):
        store.publish(session(), changed, SYSTEM_ACTOR)
    session().rollback()
    desk = Desk()
    with pytest.raises(RefusedError, match="published with another content"):
        desk.open(starts_on="2030-04-01", ends_on="2030-07-31")


@pytest.mark.parametrize("statement", ["UPDATE rule_set_version SET content = ''", "DELETE FROM rule_set_version"])
def test_the_database_refuses_to_change_what_was_published(statement: str) -> None:
    store.publish(session(), store.shipped("uk-cest-2.4"), SYSTEM_ACTOR)
    session().commit()
    with pytest.raises(DBAPIError, match="append-only"), engine().begin() as connection:
        connection.execute(sa.text(statement))


def test_what_was_published_cannot_be_replaced() -> None:
    store.publish(session(), store.shipped("uk-cest-2.4"), SYSTEM_ACTOR)
    session().commit()
    row = dict(session().execute(sa.select(table(RuleSetVersion))).mappings().one())
    session().rollback()
    insert = sa.insert(table(RuleSetVersion))
    statement = insert.prefix_with("OR REPLACE") if is_sqlite() else insert
    with engine().connect() as connection, pytest.raises(DBAPIError):
        connection.execute(statement, row | {"content": "{}"})


def test_a_version_that_nobody_published_is_not_there() -> None:
    with pytest.raises(UnknownRuleSetError, match=r"uk-cest-2\.4 1\.0"):
        store.agenda_of(session(), "uk-cest-2.4", "1.0", "0" * 64)


@pytest.mark.parametrize("key", ["us-ca-abc", "us-flsa", "uk-cest-2.4", "ny-fifa"])
def test_every_kind_of_rule_set_reads_back_as_it_was_published(key: str) -> None:
    (shipped,) = store.library().everything(key)
    assert store.publish(session(), shipped, SYSTEM_ACTOR) is True
    row = session().scalars(sa.select(RuleSetVersion)).one()
    assert store.read(row.key, row.version, row.content).digest == row.digest == shipped.digest


def test_several_together_come_from_what_was_published_where_the_release_has_moved_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = store.library()
    members = tuple(library.exactly(key, "2026.1") for key in ("us-flsa", "us-irs-common-law"))
    together = agenda(members)
    for one in members:
        store.publish(session(), one, SYSTEM_ACTOR)
    asked = (together.key, together.version, together.digest)
    assert asked[0] == "us-flsa+us-irs-common-law"
    assert store.agenda_of(session(), *asked) is together
    monkeypatch.setattr(store, "library", lambda: Library((), ()))
    found = store.agenda_of(session(), *asked)
    assert found is not together
    assert found.digest == together.digest
    assert found.find({}).as_json() == together.find({}).as_json()
    with pytest.raises(UnknownRuleSetError, match="with another content"):
        store.agenda_of(session(), together.key, together.version, "0" * 64)


def test_a_test_has_another_digest_when_one_that_it_redirects_to_changes() -> None:
    found = store.library().exactly("us-ca-abc", "2026.1")
    assert isinstance(found, LegalTest)
    other = next(iter(found.others.values()))
    changed = LegalTest(dataclasses.replace(other.parts, digest="0" * 64), other.others)
    assert LegalTest(found.parts, {other.key: changed}).digest != found.digest


@pytest.mark.usefixtures("monday", "edit")
def test_a_case_in_review_is_finished_on_the_version_it_was_answered_under(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk = Desk()
    desk.in_review()
    old = store.shipped("uk-cest-2.4").digest
    new = ship(monkeypatch, tmp_path, 'version = "2.4"', 'version = "2.5"')
    assert new.digest != old
    desk.freelancer_answers(OUTSIDE)
    desk.act(desk.rita, "approve", **APPROVAL)
    (found,) = determination.history(session(), desk.offer(desk.mona))
    assert (found.rule_version, found.rule_digest) == ("2.4", old)
    session().rollback()
    desk.act(desk.mona, "edit", **TERMS)
    with pytest.raises(RefusedError, match=r"The questions have a new version, 2\.5"):
        desk.act(desk.mona, "submit")
    desk.client_answers(OUTSIDE)
    assert desk.act(desk.mona, "submit") == "submitted"
    published = sa.select(RuleSetVersion.version).where(RuleSetVersion.key == "uk-cest-2.4")
    assert session().scalars(published.order_by(RuleSetVersion.version)).all() == ["2.4", "2.5"]
