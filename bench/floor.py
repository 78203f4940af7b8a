"""The floor: the SQL of an approval, fired by hand from a bare Flask view with psycopg, on the product's own tables.

It recognises the same sign-in, locks the same row, satisfies the same triggers and leaves a record that verifies. What
it leaves out is the product: forms, guards, the machine, pages, the object mapper. ``bench/statements.py`` lists the
statements that it must keep up with.
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
from pathlib import Path
from typing import Any, Final

import psycopg
from flask import Flask, redirect, request
from psycopg.rows import dict_row
from werkzeug.wrappers import Response

from compliance.audit import canonical
from compliance.audit.sealed import Sealed, seal
from compliance.kernel.ids import new_id

ADDRESS: Final = os.environ["COMPLIANCE_DATABASE_URL"].replace("+psycopg", "")
KEY: Final = (Path(os.environ["COMPLIANCE_DATA_DIR"]) / "keys" / "audit-mac").read_bytes()
COOKIE: Final = "countersign_session"

app = Flask(__name__)
_own = threading.local()

SIGN_IN: Final = """
    SELECT s.*, p.* FROM sign_in_session s JOIN person p ON p.id = s.person_id
    WHERE s.token_hash = %s AND s.ended_at IS NULL AND p.active"""
GRANTS: Final = """
    SELECT role, organisation_id, team_id FROM role_grant WHERE person_id = %(person)s AND ended_at IS NULL
    UNION ALL SELECT 'conflict', coalesce(organisation_id, other_person_id), CAST(NULL AS uuid) FROM conflict
    WHERE person_id = %(person)s AND ended_at IS NULL"""
CASE: Final = """
    SELECT c.*, o.* FROM cases c JOIN offer o ON o.id = c.id
    WHERE c.reference = %s AND c.staff_sees FOR UPDATE"""
ORGANISATION: Final = "SELECT * FROM organisation WHERE id = %s"
ACTS: Final = "SELECT action, rev, actor_id, stands_for_id FROM audit_event WHERE stream = %s"
FREELANCER: Final = "SELECT id FROM person WHERE email = %s"
CONTENT: Final = """
    SELECT id, party, rule_digest, answers, CAST(NULL AS text) FROM answer_sheet WHERE case_id = %(id)s
    UNION ALL SELECT id, NULL, NULL, NULL, sha256 FROM case_document WHERE case_id = %(id)s"""
SETTLE: Final = "UPDATE case_deadline SET settled_at = %s WHERE case_id = %s AND settled_at IS NULL"
DEADLINE: Final = "INSERT INTO case_deadline (id, case_id, entered_rev, what, due_at) VALUES (%s, %s, %s, %s, %s)"
EVENT: Final = """
    INSERT INTO audit_event (month, event_id, stream, rev, at, actor_id, stands_for_id, action, organisation_id, entry,
    leaf_hash, mac) VALUES (%s, %s, %s, %s, %s, %s, NULL, 'offer.approve', %s, %s, %s, %s)"""
PENDING: Final = "INSERT INTO audit_pending (month, event_id) VALUES (%s, %s)"
OPENING: Final = "INSERT INTO audit_opening (event_id, path, salt, value) VALUES (%s, %s, %s, %s)"
MOVE: Final = """
    UPDATE cases SET state = 'enterprise_ready', entered_at = %(at)s, entered_rev = %(rev)s, due_at = %(due)s,
    urgent_at = %(due)s, waits_for = 'client', desk = false, holder_id = NULL, held_since = NULL, version = version + 1,
    audit_rev = %(rev)s, audit_month = %(month)s, audit_head = %(head)s WHERE id = %(id)s AND version = %(version)s"""
DECIDE: Final = """
    UPDATE offer SET behavioural_control = %(behavioural_control)s, financial_control = %(financial_control)s,
    relationship_of_parties = %(relationship_of_parties)s, conditions = %(conditions)s,
    decided_version = %(content_version)s, decided_digest = %(content_digest)s, decided_at = %(at)s,
    valid_until = %(until)s, agreed_until = ends_on WHERE id = %(id)s"""


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
        connection.execute(FREELANCER, (case["freelancer_email"],)).fetchone()
        connection.execute(CONTENT, case).fetchall()
        connection.execute(SETTLE, (at, case["id"]))
        _one(ORGANISATION, case["organisation_id"])
        rev, due = case["audit_rev"] + 1, at + dt.timedelta(days=1)
        dues = {"act:begin_onboarding": due, "act:expire": at + dt.timedelta(days=30)}
        _many(DEADLINE, [(new_id(), case["id"], rev, what, instant) for what, instant in dues.items()])
        head = _record(connection, case, visitor["person_id"], given, at)
        moment = {"at": at, "rev": rev, "due": due, "month": at.year * 100 + at.month, "head": head}
        connection.execute(MOVE, {**case, **moment})
        connection.execute(DECIDE, {**case, **given, "at": at, "until": at.date() + dt.timedelta(days=365)})
    return redirect(f"/offers/{reference}", 303)


def _record(
    connection: psycopg.Connection[Any], case: dict[str, Any], person: uuid.UUID, given: dict[str, str], at: dt.datetime
) -> bytes:
    """Write the event with its openings and return the hash that the case's next event will name."""
    event_id, rev, month = new_id(), case["audit_rev"] + 1, at.year * 100 + at.month
    names = ("behavioural_control", "financial_control", "relationship_of_parties")
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
            "changes": {name: [Sealed(""), Sealed(given[name])] for name in names},
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
    return leaf


def _one(statement: str, *values: object) -> dict[str, Any]:
    found: dict[str, Any] | None = _connection().execute(statement, values).fetchone()
    if found is None:
        raise LookupError(statement)
    return found


def _many(statement: str, rows: list[tuple[object, ...]]) -> None:
    with _connection().cursor() as cursor:
        cursor.executemany(statement, rows)


def _connection() -> psycopg.Connection[Any]:
    """Return the connection of this thread, kept open."""
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(ADDRESS, autocommit=True, row_factory=dict_row)
    found: psycopg.Connection[Any] = _own.connection
    return found
