"""Somebody who changes rules, somebody who publishes them, and what they write."""

from __future__ import annotations

from compliance.authz import Actor, Role
from compliance.engine import replaying, rule_changing, run
from compliance.engine.errors import EngineError
from compliance.kernel.db import session
from compliance.rules.replay import Shelf
from tests import make
from workflows.rule_change import RuleChange

NETHERLANDS = "nl-deliveroo"
FIRST_DAY = "2026-04-01"
WHY = "The Supreme Court weighs it otherwise since its judgment of February."
REASON = {"reason": "Read line by line against the judgment."}


class Change:
    """One change of a rule set, and a short way for each to act on it."""

    def __init__(self, author: Actor | None = None, second: Actor | None = None) -> None:
        self.rita = author or make.actor("Remy", Role.REVIEWER)
        self.sue = second or make.actor("Suri", Role.SENIOR_REVIEWER)
        self.reference = ""

    def written(self, key: str, *changes: tuple[str, str], **fields: str) -> dict[str, str]:
        """Return the form for the newest version of *key*, with *changes* of its text and other *fields*."""
        form = {"effective_from": FIRST_DAY, "why": WHY, **rule_changing.prefilled({"rule_set": key}), **fields}
        for old, new in changes:
            assert old in form["text"], old
            form["text"] = form["text"].replace(old, new, 1)
        session().rollback()
        return form

    def open(self, key: str, *changes: tuple[str, str], **fields: str) -> str:
        form = self.written(key, *changes, **fields)
        opened = run.open_case("rule_change", self.rita, form, organisation_id=make.organisation(f"For {key}").id)
        self.reference = opened.case.reference
        session().commit()
        return str(opened.case.state)

    def act(self, who: Actor, action: str, **data: str) -> str:
        case = self.case(who)
        try:
            done = run.fire("rule_change", self.reference, action, who, data, seen=case.content_digest)
        except EngineError:
            session().rollback()
            raise
        session().commit()
        return str(done.case.state)

    def case(self, who: Actor | None = None) -> RuleChange:
        found = run.find("rule_change", self.reference, who or self.rita)
        assert isinstance(found, RuleChange)
        return found

    @property
    def shelf(self) -> Shelf:
        """Where the replay of the change lies."""
        return replaying.shelf_of(self.case().replay)

    def replay(self) -> None:
        """Do what a worker would have done by now."""
        shelf = self.shelf
        session().commit()
        assert replaying.run(shelf, lambda *_: True, findings_in_file=2)

    def put_forward(self) -> str:
        """Test what was opened, and put it forward."""
        self.act(self.rita, "test")
        if self.case().replay:
            self.replay()
        return self.act(self.rita, "put_forward")

    def published(self, key: str, *changes: tuple[str, str], **fields: str) -> str:
        """Bring a change all the way."""
        self.open(key, *changes, **fields)
        self.put_forward()
        self.act(self.sue, "claim")
        return self.act(self.sue, "publish", **REASON)
