"""The programme's limits are data: dated, checked when loaded, and named by what was decided under them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from compliance.audit.models import AuditEvent
from compliance.engine import determination
from compliance.engine.errors import RefusedError
from compliance.kernel.db import session
from compliance.rules.errors import RuleSetError
from tests.offer.scene import APPROVAL, Desk
from workflows.offer import policy

SHIPPED = Path(policy.__file__).with_name(policy.FILE).read_text()


def changed(folder: Path, old: str, new: str) -> Path:
    assert old in SHIPPED
    (folder / policy.FILE).write_text(SHIPPED.replace(old, new))
    return folder


@pytest.mark.parametrize(
    "old,new,sentence",
    [
        ("offer_life_days = 30", "offer_life_days = 0", "“offer_life_days” must be a whole number"),
        ("offer_life_days = 30", 'offer_life_days = "30"', "“offer_life_days” must be a whole number"),
        ("offer_life_days = 30", "offer_life_days = true", "“offer_life_days” must be a whole number"),
        ("offer_life_days = 30", "offer_life_days = 99999", "“offer_life_days” is more than 3650 days"),
        ("notice_days = 10", "notise_days = 10", "“notice_days” must be a whole number"),
        ("notice_days = 10", "notice_days = 10\nnotise = 1", "“notise” is no entry known here"),
        ("tenure_months = [6, 12]", "tenure_months = [12, 6]", "yellow and red, the lower first"),
        ("tenure_months = [6, 12]", "tenure_months = [6]", "yellow and red, the lower first"),
        ("tenure_months = [6, 12]", 'tenure_months = ["6", 12]', "list of whole numbers"),
        ("tenure_months = [6, 12]", "tenure_months = 6", "list of whole numbers"),
        ('"US-NJ"', '"US-XX"', "“US-XX” is no place known here"),
        ('"AU", "BR"', '"AU", "XX"', "“XX” is no place known here"),
        ("JPY = 10000000", "JPX = 10000000", "“JPX” is no currency"),
        ("JPY = 10000000", "JPY = 0.5", "“JPY” must be a whole number"),
        ("effective_from = 2024-01-01", 'effective_from = "soon"', "must be a date"),
        ("effective_from = 2024-01-01", "", "“effective_from” must be given"),
        ("[[policy]]", "[[polizy]]", "“policy” must be a list of tables"),
        ("value_limit = 100000", "value_limit = ", "not valid TOML"),
    ],
)
def test_a_broken_entry_is_refused_when_loaded(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(RuleSetError) as refused:
        policy.load(changed(tmp_path, old, new))
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("policy.toml")


@pytest.mark.parametrize("text,sentence", [("", "there is no policy"), (SHIPPED * 2, "must begin after")])
def test_policies_follow_each_other(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / policy.FILE).write_text(text)
    with pytest.raises(RuleSetError, match=sentence):
        policy.load(tmp_path)


def test_each_day_has_the_policy_in_force_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = SHIPPED.replace('version = "1"', 'version = "2"').replace("2024-01-01", "2026-04-01")
    (tmp_path / policy.FILE).write_text(SHIPPED + later)
    monkeypatch.setattr(policy, "POLICIES", policy.load(tmp_path))
    days = {dt.date(2020, 1, 1): "1", dt.date(2026, 3, 31): "1", dt.date(2026, 4, 1): "2", dt.date(2030, 1, 1): "2"}
    assert {day: policy.on(day).version for day in days} == days
    assert len({one.digest for one in policy.POLICIES}) == 2


def test_a_new_policy_counts_from_its_day_on(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = SHIPPED.replace('version = "1"', 'version = "2"').replace("value_limit = 100000", "value_limit = 10000")
    (tmp_path / policy.FILE).write_text(SHIPPED + strict.replace("2024-01-01", "2026-03-02"))
    desk.in_review()
    monkeypatch.setattr(policy, "POLICIES", policy.load(tmp_path))
    with pytest.raises(RefusedError, match="above the limit"):
        desk.act(desk.rita, "approve", **APPROVAL)


def test_a_determination_and_its_event_name_the_policy(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    offer = desk.offer(desk.mona)
    (found,) = determination.history(session(), offer)
    named = {"version": policy.POLICIES[-1].version, "digest": policy.POLICIES[-1].digest}
    event = sa.select(AuditEvent.entry).where(AuditEvent.stream == offer.stream, AuditEvent.rev == found.rev)
    assert found.policy == named
    assert json.loads(str(session().scalar(event)))["policy"]["policy"] == named
