"""The floor: the SQL of an approval, fired by hand from a bare Flask view with psycopg, on the product's own tables.

It recognises the same sign-in, locks the same row, satisfies the same triggers, and writes the same rows: the event
with its openings, the determination with the digest that the event names, deadlines, notifications and mails to the
same people. Its record verifies. What it leaves out is the product: forms, guards, machine, pages, object mapper.
``bench/statements.py`` prints the statements of both, which must be the same ones in the same order.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import os
import secrets
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psycopg
from flask import Flask, redirect, request
from psycopg.rows import dict_row
from psycopg.types.json import Json
from werkzeug.wrappers import Response

from compliance import authz
from compliance.audit import canonical
from compliance.audit.sealed import Sealed, seal
from compliance.engine.content import digest_of, plain
from compliance.kernel.ids import new_id

ADDRESS: Final = os.environ["COMPLIANCE_DATABASE_URL"].replace("+psycopg", "")
KEY: Final = (Path(os.environ["COMPLIANCE_DATA_DIR"]) / "keys" / "audit-mac").read_bytes()
COOKIE: Final = "countersign_session"

app = Flask(__name__)
_own = threading.local()
cursors: type[psycopg.Cursor[Any]] = psycopg.Cursor

SIGN_IN: Final = """
    SELECT s.*, p.* FROM sign_in_session s JOIN person p ON p.id = s.person_id
    WHERE s.token_hash = %s AND s.ended_at IS NULL AND p.active"""
GRANTS: Final = """
    SELECT role, organisation_id, team_id FROM role_grant WHERE person_id = %(person)s AND ended_at IS NULL
    UNION ALL SELECT 'conflict', coalesce(organisation_id, other_person_id), CAST(NULL AS uuid) FROM conflict
    WHERE person_id = %(person)s AND ended_at IS NULL"""
CASE: Final = """
    SELECT c.*, o.*, client.calendar, client.compliance_enrolled FROM cases c JOIN offer o ON o.id = c.id
    JOIN organisation client ON client.id = c.organisation_id
    WHERE c.reference = %s AND c.staff_sees FOR UPDATE OF c, o"""
STANDING: Final = "SELECT id, number FROM determination WHERE case_id = %s ORDER BY number DESC LIMIT 1"
ACTS: Final = "SELECT action, rev, actor_id, stands_for_id FROM audit_event WHERE stream = %s"
ANSWERS: Final = """
    SELECT party, rule_version, rule_digest, answers, changed_at FROM answer_sheet
    WHERE case_id = %(id)s AND rule_set = 'uk-cest-2.4'"""
CHANGED_RULES: Final = """
    SELECT key, version, digest FROM rule_set_version WHERE origin IS NOT NULL ORDER BY key, version"""
CHECK_IS_KEPT: Final = "SELECT digest FROM rule_set_version WHERE key = 'uk-opw' AND version = '2026.2'"
COMPARE: Final = """
    INSERT INTO comparison (determination_id, test, case_id, organisation_id, found, decided, decided_by_id, decided_at)
    VALUES (%s, %s, %s, %s, 'independent_contractor', 'independent_contractor', %s, %s)"""
OF_THE_PAIR: Final = """
    SELECT o.contract_type, o.amount_minor, o.currency, o.hours_per_week, o.starts_on, o.ends_on FROM cases c
    JOIN offer o ON o.id = c.id WHERE c.worker_id = %(worker_id)s AND c.organisation_id = %(organisation_id)s
    AND c.id <> %(id)s AND o.offered_at > %(since)s
    AND c.state NOT IN ('draft', 'awaiting_approval', 'rejected', 'withdrawn', 'expired')"""
CONTENT: Final = """
    SELECT id, party, rule_digest, answers, CAST(NULL AS text), false FROM answer_sheet WHERE case_id = %(id)s
    UNION ALL SELECT id, party, NULL, NULL, sha256, internal FROM case_document
    WHERE case_id = %(id)s AND withdrawn_at IS NULL"""
SETTLE: Final = "UPDATE case_deadline SET settled_at = %s WHERE case_id = %s AND settled_at IS NULL"
DEADLINE: Final = "INSERT INTO case_deadline (id, case_id, entered_rev, what, due_at) VALUES (%s, %s, %s, %s, %s)"
EVENT: Final = """
    INSERT INTO audit_event (month, event_id, stream, rev, at, actor_id, stands_for_id, action, organisation_id, entry,
    leaf_hash, mac) VALUES (%s, %s, %s, %s, %s, %s, NULL, 'offer.approve', %s, %s, %s, %s)"""
PENDING: Final = "INSERT INTO audit_pending (month, event_id) VALUES (%s, %s)"
OPENING: Final = "INSERT INTO audit_opening (event_id, path, salt, value) VALUES (%s, %s, %s, %s)"
OPENER: Final = """
    SELECT g.team_id FROM role_grant g JOIN person p ON p.id = g.person_id WHERE g.person_id = %s
    AND g.organisation_id = %s AND g.role = ANY(%s) AND g.ended_at IS NULL AND p.active"""
READERS: Final = """
    SELECT p.id, p.email, p.sample, m.kind FROM person p LEFT JOIN mail_choice m ON m.person_id = p.id AND NOT m.mail
    WHERE p.id = ANY(%(people)s) AND p.active AND NOT EXISTS (SELECT id FROM conflict c WHERE c.person_id = p.id
    AND c.ended_at IS NULL AND (c.organisation_id = ANY(%(parties)s) OR c.other_person_id = ANY(%(parties)s)))"""
NOTIFY: Final = """
    INSERT INTO notification (id, person_id, case_id, event_id, kind, reason, made_at)
    VALUES (%s, %s, %s, %s, 'decided', 'Enterprise Ready', %s)"""
MAIL: Final = """
    INSERT INTO mail_message (id, key, address, subject, text, made_at, due_at, attempts, fault, person_id, kind)
    VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '', %s, 'decided')"""
MOVE: Final = """
    UPDATE cases SET state = 'enterprise_ready', entered_at = %(at)s, entered_rev = %(rev)s, due_at = %(due)s,
    urgent_at = %(due)s, waits_for = 'client', desk = false, holder_id = NULL, held_since = NULL, version = version + 1,
    audit_rev = %(rev)s, audit_month = %(month)s, audit_head = %(head)s WHERE id = %(id)s AND version = %(version)s"""
DECIDE: Final = """
    UPDATE offer SET behavioural_control = %(behavioural_control)s, financial_control = %(financial_control)s,
    relationship_of_parties = %(relationship_of_parties)s, conditions = %(conditions)s,
    decided_version = %(content_version)s, decided_digest = %(content_digest)s, decided_at = %(at)s,
    valid_until = %(until)s, agreed_until = ends_on WHERE id = %(id)s"""
DETERMINE: Final = """
    INSERT INTO determination (id, case_id, number, rev, action, outcome, statement, content_version, content_digest,
    places, rule_set, rule_version, rule_digest, why_no_rules, answers, answers_digest, findings, overrides, evidence,
    factors, reason_codes, reason, conditions, what_would_change_it, policy, decided_by_id, stands_for_id,
    first_reviewer_ids, decided_at, valid_until, supersedes_id, digest) VALUES (%(id)s, %(case_id)s, %(number)s,
    %(rev)s, %(action)s, %(outcome)s, %(statement)s, %(content_version)s, %(content_digest)s, %(places)s, %(rule_set)s,
    %(rule_version)s, %(rule_digest)s, %(why_no_rules)s, %(answers)s, %(answers_digest)s, %(findings)s, %(overrides)s,
    %(evidence)s, %(factors)s, %(reason_codes)s, %(reason)s, %(conditions)s, %(what_would_change_it)s, %(policy)s,
    %(decided_by_id)s, %(stands_for_id)s, %(first_reviewer_ids)s, %(decided_at)s, %(valid_until)s, %(supersedes_id)s,
    %(digest)s)"""
FACTORS: Final = ("behavioural_control", "financial_control", "relationship_of_parties")
CLIENT: Final = [role.value for role in authz.CLIENT]
STATEMENT: Final = {
    "title": "Determination",
    "conclusion": "The engagement fits an independent contractor.",
    "care": "A person decided on this one engagement, on its own terms. The questionnaire advises only.",
    "objection": (
        "Client and freelancer may each disagree, on the page of this offer and with their reasons. Somebody who was "
        "not part of this decision then decides afresh within 45 days."
    ),
    "object_until": "2030-12-24",
}
WORDS: Final = """Enterprise Ready

Offer {reference}, “{title}”: Enterprise Ready. The engagement was found to fit an independent contractor. Onboarding
comes next. It waits for the client, until {due:%d %B %Y at %H:%M} UTC.

http://127.0.0.1:5000/offers/{reference}

You get this mail because you are a party to the case.
Choose what you are mailed about: http://127.0.0.1:5000/account/notifications
Stop mail of this kind: http://127.0.0.1:5000/unsubscribe/{person}.decided.{mac}

Receipt of the event in the record: {receipt}"""


@app.get("/healthz")
def health() -> str:
    """Say that the server answers."""
    return "ok"


@app.post("/offers/<reference>/approve")
def approve(reference: str) -> Response:
    """Approve an offer: the statements of the product, in its order, in one transaction."""
    at = dt.datetime.now(dt.UTC)
    given = {name: request.form.get(name, "") for name in request.form}
    connection = _connection()
    with connection.transaction():
        token = request.cookies.get(COOKIE, "")
        visitor = _one(SIGN_IN, hashlib.sha256(token.encode()).digest())
        connection.execute(GRANTS, {"person": visitor["person_id"]}).fetchall()
        case = _one(CASE, reference)
        connection.execute(ACTS, (case["stream"],)).fetchall()
        connection.execute(CHANGED_RULES).fetchall()
        sheets = connection.execute(ANSWERS, case).fetchall()
        connection.execute(OF_THE_PAIR, {**case, "since": at - dt.timedelta(days=365)}).fetchall()
        connection.execute(CONTENT, case).fetchall()
        connection.execute(SETTLE, (at, case["id"]))
        rev, due = case["audit_rev"] + 1, at + dt.timedelta(days=1)
        dues = {"act:begin_onboarding": due, "remind:1": due, "late": due}
        _many(DEADLINE, [(new_id(), case["id"], rev, what, instant) for what, instant in dues.items()])
        standing = connection.execute(STANDING, (case["id"],)).fetchone()
        connection.execute(CHECK_IS_KEPT).fetchall()
        decided = _determination(case, visitor["person_id"], given, at, standing, sheets)
        connection.execute(DETERMINE, {name: _adapted(value) for name, value in decided.items()})
        said = (case["id"], case["organisation_id"], visitor["person_id"], at)
        _many(COMPARE, [(decided["id"], test, *said) for test in ("together", "uk-cest-2.4")])
        event_id, head = _record(connection, case, visitor["person_id"], given, decided, at)
        connection.execute(OPENER, (case["opened_by_id"], case["organisation_id"], CLIENT)).fetchall()
        _tell(connection, case, event_id, head, at, due)
        moment = {"at": at, "rev": rev, "due": due, "month": at.year * 100 + at.month, "head": head}
        connection.execute(MOVE, {**case, **moment})
        connection.execute(DECIDE, {**case, **given, "at": at, "until": decided["valid_until"]})
    return redirect(f"/offers/{reference}", 303)


def _determination(
    case: dict[str, Any],
    person: uuid.UUID,
    given: dict[str, str],
    at: dt.datetime,
    standing: dict[str, Any] | None,
    sheets: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the row of the determination, with the digest by which the event vouches for it."""
    (sheet,) = sheets
    answers = {sheet["party"]: sheet["answers"]}
    row = {
        "number": standing["number"] + 1 if standing else 1,
        "rev": case["audit_rev"] + 1,
        "action": "approve",
        "outcome": "independent_contractor",
        "statement": STATEMENT,
        "content_version": case["content_version"],
        "content_digest": case["content_digest"],
        "places": {"Place of work": "GB", "Client's country": "GB", "Freelancer's country": "GB"},
        "policy": {"version": "1", "digest": case["content_digest"]},
        "decided_by_id": person,
        "stands_for_id": None,
        "first_reviewer_ids": [],
        "decided_at": at,
        "valid_until": at.date() + dt.timedelta(days=365),
        "supersedes_id": standing["id"] if standing else None,
        "rule_set": "uk-cest-2.4",
        "rule_version": sheet["rule_version"],
        "rule_digest": sheet["rule_digest"],
        "why_no_rules": "",
        "answers": answers,
        "answers_digest": digest_of(answers),
        "findings": {},
        "overrides": False,
        "factors": [{"factor": name, "label": name, "text": given[name]} for name in FACTORS],
        "reason_codes": [],
        "reason": given["reason"],
        "conditions": given["conditions"],
        "what_would_change_it": "",
        "evidence": [],
    }
    digest = digest_of({name: plain(value) for name, value in row.items()} | {"case_id": str(case["id"])})
    return {**row, "id": new_id(), "case_id": case["id"], "digest": digest}


def _tell(
    connection: psycopg.Connection[Any],
    case: dict[str, Any],
    event_id: uuid.UUID,
    head: bytes,
    at: dt.datetime,
    due: dt.datetime,
) -> None:
    """Write a notification and a mail to the client and to the freelancer."""
    people, parties = [case["opened_by_id"], case["worker_id"]], [case["organisation_id"], case["worker_id"]]
    readers = connection.execute(READERS, {"people": people, "parties": parties}).fetchall()
    _many(NOTIFY, [(new_id(), reader["id"], case["id"], event_id, at) for reader in readers])
    mails = []
    for reader in readers:
        person, key = reader["id"], f"{event_id}:{reader['id']}"
        mac = hmac.digest(KEY, person.bytes, "sha256").hex()[:32]
        text = WORDS.format(**case, due=due, person=person.hex, mac=mac, receipt=head.hex())
        subject = f"Enterprise Ready: {case['title']} ({case['reference']})"
        mails.append((new_id(), key, reader["email"], subject, text, at, at, person))
    _many(MAIL, mails)


def _record(
    connection: psycopg.Connection[Any],
    case: dict[str, Any],
    person: uuid.UUID,
    given: dict[str, str],
    decided: dict[str, Any],
    at: dt.datetime,
) -> tuple[uuid.UUID, bytes]:
    """Write the event with its openings and return its id and the hash that the case's next event will name."""
    event_id, rev, month = new_id(), case["audit_rev"] + 1, at.year * 100 + at.month
    entry, openings = seal(
        {
            "v": "audit-event/1",
            "log": "127.0.0.1/audit",
            "id": str(event_id),
            "at": at.isoformat(timespec="milliseconds"),
            "stream": case["stream"],
            "rev": rev,
            "prev": case["audit_head"].hex(),
            "action": "offer.approve",
            "actor": {"type": "user", "id": str(person), "channel": "browser", "role": "reviewer"},
            "from": case["state"],
            "to": "enterprise_ready",
            "organisation": str(case["organisation_id"]),
            "subject": {"content": case["content_version"], "digest": case["content_digest"]},
            "changes": {name: [Sealed(""), Sealed(given[name])] for name in FACTORS}
            | {"decided_version": [case["decided_version"], case["content_version"]]},
            "policy": {
                "rule_set": None,
                "version": None,
                "digest": None,
                "finding": {},
                "overrides": False,
                "determination": {"number": decided["number"], "digest": decided["digest"]},
                "policy": decided["policy"],
            },
            "reason": Sealed(given["reason"]),
            "req": {"id": secrets.token_hex(8), "ip": Sealed(request.remote_addr)},
        }
    )
    encoded = canonical.encode(entry)
    leaf, mac = canonical.leaf_hash(encoded), hmac.digest(KEY, encoded, "sha256")
    organisation = case["organisation_id"]
    connection.execute(
        EVENT, (month, event_id, case["stream"], rev, at, str(person), organisation, encoded.decode(), leaf, mac)
    )
    connection.execute(PENDING, (month, event_id))
    _many(OPENING, [(event_id, o.path, o.salt, json.dumps(o.value)) for o in openings])
    return event_id, leaf


def _adapted(value: object) -> object:
    return Json(value) if isinstance(value, dict | list) else value


def _one(statement: str, *values: object) -> dict[str, Any]:
    found: dict[str, Any] | None = _connection().execute(statement, values).fetchone()
    if found is None:
        raise LookupError(statement)
    return found


def _many(statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    with _connection().cursor() as cursor:
        cursor.executemany(statement, rows)


def _connection() -> psycopg.Connection[Any]:
    """Return the connection of this thread, kept open."""
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(ADDRESS, autocommit=True, row_factory=dict_row)
    found: psycopg.Connection[Any] = _own.connection
    found.cursor_factory = cursors
    return found
