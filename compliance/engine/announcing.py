"""Telling people what happened to a case: who hears of what follows from the definition, for every process alike.

Whoever a case comes to wait for hears of it; decisions and ends reach client and freelancer; a comment reaches the
other side; an assignment reaches the colleague; what is late reaches those who look after it; an action may name
further parties in ``tells``. Nobody hears of their own act, nobody hears of what they may not see, and nobody is told
the same event twice. The words say where the case stands; what people wrote is read inside the desk only.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from flask import current_app

from compliance.audit.events import Receipt
from compliance.authz import Role
from compliance.engine.definition import Party, Stage
from compliance.engine.move import Move
from compliance.kernel.db import direct, table
from compliance.kernel.ids import new_id
from compliance.messages import choices, outbox
from compliance.messages.kinds import Kind
from compliance.messages.models import MailChoice, MailMessage, Notification
from compliance.people import directory
from compliance.people.models import Conflict, Person

# Whom the desk's own lateness concerns beside those who could have worked.
LEADS: Final = frozenset({Role.TEAM_LEAD, Role.SENIOR_REVIEWER})
PARTIES: Final = (Party.CLIENT, Party.FREELANCER)
ORDER: Final = tuple(Kind)

_parties: Final[sa.BindParameter[Any]] = sa.bindparam("parties", expanding=True)
_PERSON, _CHOICE, _CONFLICT = table(Person).c, table(MailChoice).c, table(Conflict).c
_conflict: Final = sa.select(_CONFLICT.id).where(
    _CONFLICT.person_id == _PERSON.id,
    _CONFLICT.ended_at.is_(None),
    sa.or_(_CONFLICT.organisation_id.in_(_parties), _CONFLICT.other_person_id.in_(_parties)),
)
# Built once, for it is asked on the way of every decision.
_READERS: Final = (
    sa.select(_PERSON.id, _PERSON.email, _PERSON.sample, _CHOICE.kind)
    .outerjoin(table(MailChoice), sa.and_(_CHOICE.person_id == _PERSON.id, _CHOICE.mail.is_(False)))
    .where(_PERSON.id.in_(sa.bindparam("people", expanding=True)), _PERSON.active, ~_conflict.exists())
)
_NOTIFY: Final = sa.insert(table(Notification))
_MAIL: Final = sa.insert(table(MailMessage))


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody to be told; whether mail can be sent to them, and whether they choose to have it."""

    id: uuid.UUID
    address: str
    kind: Kind
    reachable: bool
    chosen: bool

    @property
    def mail(self) -> bool:
        """Whether they are told by mail too."""
        return self.reachable and self.chosen


def announce(move: Move, name: str, before: str | None, receipt: Receipt) -> None:
    """Write notifications and mail about the event of *receipt* in the running transaction."""
    kinds: dict[uuid.UUID, Kind] = {}
    parties: dict[Party, set[uuid.UUID]] = {}
    for kind, whom in sorted(_occasions(move, name, before), key=lambda occasion: ORDER.index(occasion[0])):
        if isinstance(whom, Party) and whom not in parties:
            parties[whom] = _party(move, whom)
        for person_id in parties[whom] if isinstance(whom, Party) else whom:
            kinds.setdefault(person_id, kind)
    for own in move.actor.identities:
        kinds.pop(own, None)
    readers, stage = _readers(move, kinds) if kinds else [], move.workflow.stage(move.case.state)
    if readers:
        direct(move.session, _NOTIFY, [_notification(move, reader, stage, receipt) for reader in readers])
    if mails := [_mail(move, reader, stage, receipt) for reader in readers if reader.mail or _reads_it(move, reader)]:
        direct(move.session, _MAIL, mails)


def statement(move: Move) -> str:
    """Return where the case stands, in words that each of its parties may read."""
    case, stage = move.case, move.workflow.stage(move.case.state)
    said = f"{move.workflow.title} {case.reference}, “{case.title}”: {stage.label}. {stage.says(case)}".strip()
    if (party := Party(case.waits_for)) not in {Party.NOBODY, Party.SYSTEM}:
        said += f" It waits for {party.label}"
        said += f", until {case.due_at:%d %B %Y at %H:%M} UTC." if case.due_at else "."
    return said


def _occasions(move: Move, name: str, before: str | None) -> Iterator[tuple[Kind, Party | set[uuid.UUID]]]:
    """Find out which parties and persons are concerned, and why."""
    case, action = move.case, move.workflow.action(name)
    waited_for = Party(case.waits_for)
    if name == "late":
        yield Kind.LATE, _escalation(move, waited_for)
    elif name == "remind":
        yield Kind.REMINDER, waited_for
    elif name == "assign":
        yield Kind.ASSIGNED, _some(case.holder_id)
    elif name == "comment" and not move.fact("internal"):
        yield from ((Kind.COMMENT, party) for party in (*PARTIES, Party.REVIEWER))
    if case.state != before or move.turned:
        yield Kind.TURN, waited_for
    if (action and action.binds) or (before and before != case.state and move.workflow.is_final(case.state)):
        yield from ((Kind.DECIDED, party) for party in PARTIES if _knew(move, party, before))
    yield from ((Kind.NEWS, Party(party)) for party in move.policy.get("asked_anew", ()))
    yield from (
        (Kind.NEWS, one if isinstance(one, Party) else set(one(move))) for one in (action.tells if action else ())
    )


def _knew(move: Move, party: Party, before: str | None) -> bool:
    """Tell whether *party* saw the case before this event: nobody hears of the end of what they never saw."""
    return party is not Party.FREELANCER or before is None or move.workflow.stage(before).worker_sees


def _party(move: Move, party: Party) -> set[uuid.UUID]:
    """Return who *party* is on this case, as far as it may see the case as it stands."""
    case, place = move.case, (move.case.organisation_id, move.case.team_id)
    if party is Party.CLIENT:
        return _clients(move)
    if party is Party.APPROVERS:
        return _ids(directory.people_with({Role.APPROVER}, *place))
    if party is Party.FREELANCER:
        return _workers(move) if case.worker_sees else set()
    if party is Party.COMPLIANCE_CONTACT:
        return _ids(directory.people_with({Role.COMPLIANCE_CONTACT}, *place))
    return _some(case.holder_id) if party.is_staff and case.staff_sees else set()


def _clients(move: Move) -> set[uuid.UUID]:
    """Return who opened the case while they belong to the client; else its hiring managers, else its administrators.

    A case of the programme has no client, and is its opener's.
    """
    case, place = move.case, (move.case.organisation_id, move.case.team_id)
    if case.opened_by_id in move.actor.identities:
        return set()  # It is they who act, and they know.
    if move.workflow.of_programme:
        return _some(case.opened_by_id)
    if case.opened_by_id and directory.belongs_to_client(case.opened_by_id, *place):
        return {case.opened_by_id}
    return _ids(directory.people_with({Role.HIRING_MANAGER}, *place)) or _ids(
        directory.people_with({Role.ACCOUNT_ADMIN}, *place)
    )


def _workers(move: Move) -> set[uuid.UUID]:
    case = move.case
    agency = case.worker_organisation_id
    owners = _ids(directory.people_with({Role.AGENCY_OWNER}, agency)) if agency else set()
    return {*_some(case.worker_id), *owners}


def _escalation(move: Move, party: Party) -> set[uuid.UUID]:
    """Return whom lateness concerns: the *party* that is waited for and, for the desk, its leads."""
    waited_for = _party(move, party)
    if not party.is_staff:
        return waited_for
    roles = LEADS if waited_for else LEADS | move.workflow.worked_by.roles
    return waited_for | _ids(directory.people_with(roles, move.case.organisation_id))


def _readers(move: Move, kinds: dict[uuid.UUID, Kind]) -> list[Reader]:
    """Return those of the people in *kinds* who can sign in and have no conflict, with their choices of mail."""
    case = move.case
    parties = [found for found in (case.organisation_id, case.worker_id, case.worker_organisation_id) if found]
    rows = direct(move.session, _READERS, {"people": list(kinds), "parties": parties}).all()
    off = {(row.id, row.kind) for row in rows}
    to_files = not current_app.config["SETTINGS"].smtp_url
    # People of the sample have addresses that exist nowhere; no mail server is to hear of them.
    return [
        Reader(person_id, email, kinds[person_id], to_files or not sample, (person_id, kinds[person_id]) not in off)
        for person_id, email, sample in {(row.id, row.email, row.sample) for row in rows}
    ]


def _reads_it(move: Move, reader: Reader) -> bool:
    """Tell whether *reader* is a party who is sent the determination that *move* made; nobody can choose otherwise."""
    return bool(move.determined) and reader.kind is Kind.DECIDED and reader.reachable


def _notification(move: Move, reader: Reader, stage: Stage, receipt: Receipt) -> dict[str, Any]:
    return {
        "id": new_id(),
        "person_id": reader.id,
        "case_id": move.case.id,
        "event_id": receipt.event_id,
        "kind": reader.kind.value,
        "reason": _headline(reader.kind, stage),
        "made_at": move.at,
    }


def _mail(move: Move, reader: Reader, stage: Stage, receipt: Receipt) -> dict[str, Any]:
    case, headline, told = move.case, _headline(reader.kind, stage), _reads_it(move, reader)
    base: str = current_app.config["SETTINGS"].base_url
    return {
        "id": new_id(),
        **outbox.written(
            reader.address,
            "notification",
            f"{headline}: {case.title} ({case.reference})",
            key=f"{receipt.event_id}:{reader.id}",
            headline=headline,
            statement=statement(move),
            determined=move.determined if told else "",
            link=f"{base}/{move.workflow.plural}/{case.reference}",
            why=reader.kind.why,
            choices=f"{base}/account/notifications",
            unsubscribe="" if told else choices.address(reader.id, reader.kind),
            receipt=receipt,
        ),
        "person_id": reader.id,
        "kind": None if told else reader.kind.value,
    }


def _headline(kind: Kind, stage: Stage) -> str:
    return {
        Kind.ASSIGNED: "Given to you",
        Kind.DECIDED: stage.label,
        Kind.TURN: "Your turn",
        Kind.REMINDER: "Still your turn",
        Kind.LATE: "Late",
        Kind.COMMENT: "New comment",
        Kind.NEWS: stage.label,
    }[kind]


def _ids(people: Iterable[Person]) -> set[uuid.UUID]:
    return {person.id for person in people}


def _some(person_id: uuid.UUID | None) -> set[uuid.UUID]:
    return {person_id} if person_id else set()
