"""Determinations: what was decided on a case, on which answers, under which rules, and why; never changed.

A later determination supersedes the one before and leaves it as it was. The event of the decision holds the row's
digest, so that the record vouches for every word of it.
"""

from __future__ import annotations

import datetime as dt
import textwrap
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column
from wtforms import Form, SelectMultipleField

from compliance.audit.models import AuditEvent
from compliance.authz import Actor
from compliance.engine import calibrating, duties, hearing
from compliance.engine.case import Case, CaseVersion, of_case
from compliance.engine.content import digest_of, plain, terms_of
from compliance.engine.definition import AS_BEFORE, Action
from compliance.engine.errors import RefusedError
from compliance.engine.questionnaire import Assessment
from compliance.kernel.db import Base, direct, table
from compliance.kernel.ids import new_id

if TYPE_CHECKING:
    from compliance.engine.move import Move


@dataclass(frozen=True, slots=True)
class Statement:
    """What the parties read beside the reasons: title and conclusion, with what care, and how to disagree by when."""

    title: str
    conclusion: str
    care: str = ""
    objection: str = ""
    object_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Deciding:
    """What a process says of its determinations beyond what the form of each action holds.

    ``outcomes`` gives each outcome its words. ``factors`` are the form's fields that hold a reason for each factor.
    ``places`` are those whose law counts; ``policy`` names the version of the process's own limits that applied.
    """

    outcomes: Mapping[str, str]
    statement: Callable[[Move, str], Statement]
    places: Callable[[Any], Mapping[str, str]]
    factors: tuple[str, ...] = ()
    valid_until: Callable[[Any], dt.date | None] = lambda _case: None
    first_reviewers: Callable[[Move], tuple[uuid.UUID, ...]] = lambda _move: ()
    policy: Callable[[Move], Mapping[str, str]] = lambda _move: {}


class Determination(Base):
    """One determination. ``rev`` is the revision of the case whose event it belongs to."""

    __tablename__ = "determination"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "number"),
        sa.Index("ix_determination_rule_digest", "rule_digest", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(of_case())
    number: Mapped[int]
    rev: Mapped[int]
    action: Mapped[str]
    outcome: Mapped[str]
    statement: Mapped[dict[str, Any]]
    content_version: Mapped[int]
    content_digest: Mapped[str]
    places: Mapped[dict[str, Any]]
    rule_set: Mapped[str | None]
    rule_version: Mapped[str | None]
    rule_digest: Mapped[str | None]
    why_no_rules: Mapped[str]
    answers: Mapped[dict[str, Any]]
    answers_digest: Mapped[str]
    findings: Mapped[dict[str, Any]]
    confidence: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    duties: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    overrides: Mapped[bool]
    evidence: Mapped[list[Any]]
    factors: Mapped[list[Any]]
    reason_codes: Mapped[list[Any]]
    reason: Mapped[str]
    conditions: Mapped[str]
    what_would_change_it: Mapped[str]
    policy: Mapped[dict[str, Any]]
    decided_by_id: Mapped[uuid.UUID | None]
    stands_for_id: Mapped[uuid.UUID | None]
    first_reviewer_ids: Mapped[list[Any]]
    decided_at: Mapped[dt.datetime]
    valid_until: Mapped[dt.date | None]
    supersedes_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("determination.id", deferrable=True, initially="DEFERRED"), unique=True
    )
    digest: Mapped[str]


# The whole of it stands behind the link.
MOST_IN_MAIL: Final = 600
_KEEP: Final = sa.insert(table(Determination))
_KEPT: Final = table(Determination).c
_VERSION: Final = table(CaseVersion).c
_DECIDED_ON: Final = (
    sa.select(_KEPT.content_version, _KEPT.content_digest, _VERSION.digest)
    .join(
        table(CaseVersion),
        sa.and_(_VERSION.case_id == _KEPT.case_id, _VERSION.number == _KEPT.content_version),
    )
    .where(_KEPT.case_id == sa.bindparam("case_id"))
    .order_by(_KEPT.number.desc())
    .limit(1)
)
_STANDING: Final = (
    sa.select(_KEPT.id, _KEPT.number, _KEPT.outcome, _KEPT.reason_codes, _KEPT.conditions, _KEPT.what_would_change_it)
    .where(_KEPT.case_id == sa.bindparam("case_id"))
    .order_by(_KEPT.number.desc())
    .limit(1)
)


def keep(move: Move, action: Action, form: Form | None) -> None:
    """Write the determination that *action* makes, if it makes one, and name it in the event to come."""
    deciding = move.workflow.deciding
    if action.determines is None or deciding is None:
        return
    case, found = move.case, move.assessment  # A decision changes no answers.
    before = direct(move.session, _STANDING, {"case_id": case.id}).first()
    outcome = _outcome(action.determines, before)
    row: dict[str, Any] = {
        "number": before.number + 1 if before else 1,
        "rev": case.audit_rev + 1,
        "action": action.name,
        "outcome": outcome,
        "statement": _plainly(asdict(deciding.statement(move, outcome))),
        "content_version": case.content_version,
        "content_digest": case.content_digest,
        "places": dict(deciding.places(case)),
        "policy": dict(deciding.policy(move)),
        "decided_by_id": move.actor.id,
        "stands_for_id": move.actor.stands_for,
        "first_reviewer_ids": [str(one) for one in deciding.first_reviewers(move)],
        "decided_at": move.at,
        "valid_until": deciding.valid_until(case),
        "supersedes_id": before.id if before else None,
        **_rules(found, outcome),
        "duties": duties.kept(move, outcome),
        **_words(form, deciding.factors),
        **(_kept_of(before, form) if action.determines == AS_BEFORE else {}),
        "evidence": [{"party": party, "sha256": sha256} for party, sha256 in move.documents],
    }
    digest = digest_of_row({**row, "case_id": case.id})
    kept_id = new_id()
    direct(move.session, _KEEP, {"id": kept_id, "case_id": case.id, "digest": digest, **row})
    beside = {"decided": outcome, "decided_by_id": move.actor.id, "decided_at": move.at}
    of = {"determination_id": kept_id, "case_id": case.id, "organisation_id": case.organisation_id}
    calibrating.keep(move.session, found, {**of, **beside})
    move.determination, move.outcome, move.determined = kept_id, outcome, in_short(row)
    move.policy |= {
        "rule_set": row["rule_set"],
        "version": row["rule_version"],
        "digest": row["rule_digest"],
        "finding": {party: finding["result"] for party, finding in row["findings"].items()},
        "overrides": row["overrides"],
        "determination": {"number": row["number"], "digest": digest},
        **({"policy": row["policy"]} if row["policy"] else {}),
    }


def digest_of_row(row: Mapping[str, Any]) -> str:
    """Return the digest over all that a determination says, as its event names it."""
    # Where the rules say nothing of their confidence or of duties, the digest is what it was before there was any.
    unsaid = {"id", "digest", *(name for name in ("confidence", "duties") if not row[name])}
    return digest_of(_plainly({name: value for name, value in row.items() if name not in unsaid}))


def in_short(row: Mapping[str, Any]) -> str:
    """Return a determination as its parties read it in a mail: conclusion, reasons, how to disagree by when."""
    said, until = row["statement"], row["statement"]["object_until"]
    codes = "; ".join(code["label"] for code in row["reason_codes"] if isinstance(code, dict))
    parts = (
        f"{said['title']}\n{said['conclusion']}",
        f"Why: {_shortened(row['reason'])}",
        f"What counted: {codes}." if codes else "",
        f"Conditions: {_shortened(row['conditions'])}" if row["conditions"] else "",
        f"What would change it: {_shortened(row['what_would_change_it'])}" if row["what_would_change_it"] else "",
        said["objection"],
        f"You can disagree until {dt.date.fromisoformat(until):%d %B %Y}." if until else "",
    )
    return "\n\n".join(part for part in parts if part)


def _shortened(text: str) -> str:
    return textwrap.shorten(text, MOST_IN_MAIL, placeholder=" …")


def newest(session: Session, case: Case) -> Determination | None:
    """Return the determination of *case* that stands, if any was made."""
    return session.scalar(_of(case).order_by(Determination.number.desc()).limit(1))


def terms_stand(move: Move, version: int | None, digest: str | None) -> bool:
    """Tell whether what stands was decided on *version* and *digest*, and the terms of the case are still those.

    The terms are read from the case itself, so that nothing goes on with what was changed past the record.
    """
    found = direct(move.session, _DECIDED_ON, {"case_id": move.case.id}).first()
    said = (version, digest, digest_of(terms_of(move)))
    return found is not None and tuple(found) == said and version == move.case.content_version


def history(session: Session, case: Case) -> list[Determination]:
    """Return every determination of *case*, newest first."""
    return list(session.scalars(_of(case).order_by(Determination.number.desc())))


def readable(session: Session, case: Case, reader: Actor) -> list[Determination]:
    """Return the determinations of *case* that *reader* may read, newest first: a freelancer those about them."""
    return [one for one in history(session, case) if not hearing.is_about_another(reader, case, one.rev)]


def receipt(session: Session, case: Case, kept: Determination) -> str:
    """Return the hash of the event with which *kept* was recorded."""
    query = sa.select(AuditEvent.leaf_hash).where(AuditEvent.stream == case.stream, AuditEvent.rev == kept.rev)
    return session.execute(query).scalar_one().hex()


def _outcome(determined: str, before: Any) -> str:  # noqa: ANN401 - a row of the database, or nothing
    """Return the outcome of a determination, which may be that of the one *before*."""
    if determined != AS_BEFORE:
        return determined
    if before is None:
        raise RefusedError("There is no determination yet that could be upheld.")
    return str(before.outcome)


def _kept_of(before: Any, form: Form | None) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Return what goes with the outcome of the determination *before* and is not asked anew; reasons always are."""
    asked = {field.short_name for field in form} if form is not None else set()
    names = {"reason_codes", "conditions", "what_would_change_it"}
    return {name: getattr(before, name) for name in names - asked}


def confidence_of(findings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return how sure the rules were of each party's finding; nothing where they do not say."""
    return {party: finding["confidence"] for party, finding in findings.items() if finding.get("confidence")}


def _of(case: Case) -> sa.Select[Determination]:
    return sa.select(Determination).where(Determination.case_id == case.id)


def _rules(found: Assessment, outcome: str) -> dict[str, Any]:
    """Return under which rules it was decided (or why under none), the answers as they stood, and the findings."""
    used = found.sheets[0].rules if found.sheets else found.rules
    answers = {sheet.party.value: dict(sheet.answers) for sheet in found.sheets}
    findings = {sheet.party.value: sheet.finding.as_json() for sheet in found.sheets if sheet.finding}
    return {
        "rule_set": used.key if used else None,
        "rule_version": used.version if used else None,
        "rule_digest": used.digest if used else None,
        "why_no_rules": found.unsupported,
        "answers": answers,
        "answers_digest": digest_of(answers),
        "findings": findings,
        "confidence": confidence_of(findings),
        "overrides": found.is_overridden_by(outcome),
    }


def _words(form: Form | None, factors: tuple[str, ...]) -> dict[str, Any]:
    """Return what the decision's form says, in the words that its readers see."""
    fields = {field.short_name: field for field in form} if form is not None else {}
    codes = fields.get("reason_codes")
    choices = codes.iter_choices() if isinstance(codes, SelectMultipleField) else ()
    texts = ("reason", "conditions", "what_would_change_it")
    return {
        "factors": [
            {"factor": name, "label": fields[name].label.text, "text": fields[name].data or ""}
            for name in factors
            if name in fields
        ],
        "reason_codes": [{"code": choice[0], "label": choice[1]} for choice in choices if choice[2]],
        **{name: (fields[name].data or "") if name in fields else "" for name in texts},
    }


def _plainly(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in row.items()}
