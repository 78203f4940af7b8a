"""Changing rules by a case: what such a case holds, what must hold for it, and what is done with it, for any process.

The case says which rule set becomes what, from which day. It is read without a fault, held against the decided cases,
and replayed over all past determinations, before anybody can put it forward; what is published is what was tested.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Mapped, Session, mapped_column
from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Regexp

from compliance.engine import replaying
from compliance.engine.errors import RefusedError
from compliance.engine.move import Move
from compliance.kernel import db, jobs
from compliance.rules import decided, replay, shelf, store
from compliance.rules import proposal as proposals
from compliance.rules.errors import RuleSetError, UnknownRuleSetError
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import number_of
from compliance.rules.proposal import Checked, Proposal
from compliance.rules.shelf import Edition
from compliance.rules.sql.compiled import Compilable

LONGEST: Final = 200_000
NOT_TESTED: Final = "The rules were changed after their test. Test them again."


class RuleSetField(StringField):
    """The key of a rule set."""

    def __init__(self, label: str, **more: Any) -> None:  # noqa: ANN401 - as WTForms takes them
        super().__init__(label, [DataRequired("Name the rule set."), Length(max=60)], **more)


class VersionField(StringField):
    """The number of a version, in parts that are put in order one after the other."""

    def __init__(self, label: str, **more: Any) -> None:  # noqa: ANN401 - as above
        written = Regexp(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}\Z", message="Write the version as numbers, such as 2026.2.")
        super().__init__(label, [DataRequired("Give the new version its number."), written], **more)


class RulesField(TextAreaField):
    """Every file of a rule set in one text."""

    def __init__(self, label: str, **more: Any) -> None:  # noqa: ANN401 - as above
        asked = [InputRequired("Write what the rules are to say."), Length(max=LONGEST)]
        super().__init__(label, asked, render_kw={"rows": 30, "spellcheck": "false", "class": "code"}, **more)


class ChangesRules:
    """The columns of a case that changes a rule set, with what its test has shown."""

    rule_set: Mapped[str]
    new_version: Mapped[str]
    effective_from: Mapped[dt.date]
    text: Mapped[str]
    why: Mapped[str] = mapped_column(default="")
    tested_digest: Mapped[str] = mapped_column(default="")
    agreement: Mapped[dict[str, Any]] = mapped_column(default=dict)
    replay: Mapped[str] = mapped_column(default="")
    replay_job: Mapped[str] = mapped_column(default="")
    replayed: Mapped[list[Any]] = mapped_column(default=list)

    @property
    def proposal(self) -> Proposal:
        """What is proposed."""
        return Proposal(self.rule_set, self.new_version, self.effective_from, self.text)


@dataclass(frozen=True, slots=True)
class Basis:
    """The version that a change starts from, and its files by path."""

    edition: Edition
    content: Mapping[str, str]


def basis(session: Session, proposal: Proposal) -> Basis:
    """Return the newest version below the proposed one. Raises ``UnknownRuleSetError``."""
    found = shelf.editions(session, proposal.key)
    below = [one for one in found if number_of(one.version) < number_of(proposal.version)]
    edition = (below or found)[-1]
    return Basis(edition, shelf.content(session, edition))


def checked(session: Session, proposal: Proposal) -> Checked:
    """Read what is proposed. Raises ``RuleSetError`` and ``UnknownRuleSetError``."""
    start = basis(session, proposal)
    return proposals.checked(proposal, start.edition.rules, start.content)


def fault(session: Session, proposal: Proposal) -> str | None:
    """Return what is wrong with the proposed rules: where it stands, and what it is."""
    try:
        checked(session, proposal)
    except (RuleSetError, UnknownRuleSetError) as found:
        return str(found)
    return None


def prefilled(given: Mapping[str, str]) -> dict[str, str]:
    """Return what a form holds that changes the rule set named in *given*: its newest version, as a text."""
    session, key = db.session(), given.get("rule_set", "")
    try:
        newest = shelf.editions(session, key)[-1]
    except UnknownRuleSetError:
        return {}
    files = proposals.own_files(shelf.content(session, newest), newest.rules)
    return {"rule_set": key, "new_version": _next(newest.version), "text": proposals.as_text(files)}


def title_of(session: Session, key: str) -> str:
    """Return what a rule set is called in its newest version. Raises ``UnknownRuleSetError``."""
    return shelf.editions(session, key)[-1].rules.title


def _next(version: str) -> str:
    head, _, last = version.rpartition(".")
    following = str(number_of(last)[0] + 1)
    return f"{head}.{following}" if head else following


def is_known(move: Move) -> str | None:
    """Change only a rule set that there is."""
    try:
        shelf.editions(move.session, move.case.rule_set)
    except UnknownRuleSetError as unknown:
        return str(unknown)
    return None


def is_new(move: Move) -> str | None:
    """Give every change a new version: what is published never changes."""
    versions = [one.version for one in shelf.editions(move.session, move.case.rule_set)]
    version = move.case.new_version
    if version in versions:
        return (
            f"Version {version} of {move.case.rule_set} is there already and never changes. Give the change a new one."
        )
    if number_of(version) <= number_of(versions[-1]):
        return f"Version {version} is not later than {versions[-1]}, the newest. Give the change a later one."
    return None


def begins_ahead(move: Move) -> str | None:
    """Let rules begin today or later, never in the past."""
    if move.case.effective_from >= move.at.date():
        return None
    return (
        f"The first day, {move.case.effective_from:%d %B %Y}, lies in the past, and what was decided then stands. "
        "Change the first day to today or later."
    )


def stands_alone(move: Move) -> str | None:
    """Leave rules to a release that other rule sets hand over to: those would change under the same version."""
    key = move.case.rule_set
    others = (one for one in store.library().everything() if isinstance(one, LegalTest) and key in one.others)
    names = sorted({one.title for one in others})
    if not names:
        return None
    return f"“{names[0]}” hands over to these rules and would change with them unseen. Only a release changes both."


def is_whole(move: Move) -> str | None:
    """Take only rules that can be read without a fault."""
    return fault(move.session, move.case.proposal)


SOUND: Final = (is_new, begins_ahead, stands_alone, is_whole)


def test(move: Move) -> None:
    """Hold the rules against the decided cases at once, and have all past determinations replayed in the background."""
    case, start = move.case, basis(move.session, move.case.proposal)
    found = proposals.checked(case.proposal, start.edition.rules, start.content)
    case.agreement = decided.compared(start.edition.rules, found.rules)
    case.tested_digest, case.replayed, case.replay, case.replay_job = found.rules.digest, [], "", ""
    if isinstance(found.rules, Compilable):
        case.replay = replaying.plan(found.rules, found.content)
        # Of each test of each case one: a test that was stopped can be had again.
        case.replay_job = replaying.enqueue(case.replay, f"{case.reference}.{case.audit_rev}")
    move.policy |= {
        **_named(found),
        "before": start.edition.version,
        "agreement": _figures(case),
        "replay": case.replay,
    }


def is_tested(move: Move) -> str | None:
    """Ask for a test of exactly these rules that was done to its end."""
    if sentence := was_tested(move):
        return sentence
    if not move.case.replay or replaying.is_finished(move.case.replay):
        return None
    return "The past determinations are not all replayed yet. Wait until they are, or test again."


def was_tested(move: Move) -> str | None:
    """Refuse rules that were changed after their test."""
    try:
        found = checked(move.session, move.case.proposal)
    except (RuleSetError, UnknownRuleSetError):
        return NOT_TESTED
    return None if found.rules.digest == move.case.tested_digest else NOT_TESTED


def keep_result(move: Move) -> None:
    """Keep for ever what the replay has counted; its list of determinations can be had again and is not kept."""
    if move.case.replay:
        found = replay.matrix(replaying.shelf_of(move.case.replay))
        move.case.replayed = [[one.old, one.new, one.findings] for one in found]
    move.policy |= {"digest": move.case.tested_digest, "replayed": move.case.replayed}


def publish(move: Move) -> None:
    """Publish the rules in the transaction of whoever decides so; no earlier version is touched."""
    case, found = move.case, checked(move.session, move.case.proposal)
    try:
        is_first = store.keep(move.session, found.rules, found.content, move.actor, case.reference)
    except store.PublishedOtherwiseError as refused:
        raise RefusedError(str(refused)) from refused
    if not is_first:
        raise RefusedError("These rules were published already. Load the page again.")
    move.policy |= {**_named(found), "effective_from": case.effective_from.isoformat()}


def published_by(session: Session, case: Any) -> bool:  # noqa: ANN401 - a case that changes rules
    """Tell whether the version that *case* proposes was published by it."""
    found = shelf.editions(session, case.rule_set)
    return any(one.version == case.new_version and one.origin == case.reference for one in found)


def progress(case: ChangesRules) -> tuple[int, int] | None:
    """Return how many files of the past are replayed, and of how many; ``None`` while nobody has said."""
    return jobs.progress(case.replay_job) if case.replay_job else None


def _named(found: Checked) -> dict[str, str]:
    return {"rule_set": found.rules.key, "version": found.rules.version, "digest": found.rules.digest}


def _figures(case: ChangesRules) -> dict[str, Any]:
    told = case.agreement
    return {"cases": told["cases"], "before": told["before"], "after": told["after"], "moved": len(told["moved"])}
