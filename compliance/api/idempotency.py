"""A write may be repeated under the same key: it has one effect, and the first answer is given again.

The answer is kept in the transaction of the change. A refusal changed nothing and is not kept: repeated, the request is
tried anew. On PostgreSQL a twin that comes while the first is running is told so; on SQLite it waits for the first, as
every writer does, and is given the first one's answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from flask import Response, request
from sqlalchemy.orm import Mapped, mapped_column

from compliance.api.problems import BadRequestError, KeyReusedError, TwinRunningError
from compliance.kernel import clock
from compliance.kernel.db import Base, is_sqlite, session, table

KEPT_FOR: Final = dt.timedelta(days=7)
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


class IdempotencyKey(Base):
    """The first answer to a write, kept for its repetitions."""

    __tablename__ = "idempotency_key"

    actor_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[str]
    at: Mapped[dt.datetime] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answers with: everything that its repetition must say again."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def once(actor_id: uuid.UUID, raw: bytes, change: Callable[[], Answer]) -> Response:
    """Answer with what *change* does, or with what it did when the same request came before under its key.

    Raises :class:`BadRequestError` for an unusable key, :class:`TwinRunningError` and :class:`KeyReusedError`.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        answer = change()
        return _response(answer.status, _written(answer), answer.headers)
    if not _KEY.fullmatch(key):
        raise BadRequestError("An Idempotency-Key is 1 to 200 visible ASCII characters, for instance a UUID.")
    _one_at_a_time(actor_id, key)
    fingerprint = _fingerprint(raw)
    if (kept := _kept(actor_id, key)) is not None:
        if kept.fingerprint != fingerprint:
            raise KeyReusedError("This Idempotency-Key was used for another request. Take a new key for a new request.")
        return _response(kept.status, kept.body, {**kept.headers, "Idempotent-Replayed": "true"})
    answer = change()
    text = _written(answer)
    session().add(
        IdempotencyKey(
            actor_id=actor_id,
            key=key,
            fingerprint=fingerprint,
            status=answer.status,
            headers=answer.headers,
            body=text,
            at=clock.now(),
        )
    )
    return _response(answer.status, text, answer.headers)


def forget() -> int:
    """Delete the answers that no repetition can ask for any more; return how many. The caller commits."""
    deletion = sa.delete(table(IdempotencyKey)).where(IdempotencyKey.at < clock.now() - KEPT_FOR)
    deleted: int = session().connection().execute(deletion).rowcount
    return deleted


def lock_of(actor_id: uuid.UUID, key: str) -> int:
    """Return the number of the advisory lock that a request holds while it runs under *key*."""
    digest = hashlib.sha256(b"idempotency\0" + actor_id.bytes + key.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _one_at_a_time(actor_id: uuid.UUID, key: str) -> None:
    if is_sqlite():
        return
    mine = session().scalar(sa.select(sa.func.pg_try_advisory_xact_lock(lock_of(actor_id, key))))
    if not mine:
        raise TwinRunningError("A request with this Idempotency-Key is still running. Repeat it in a second.")


def _kept(actor_id: uuid.UUID, key: str) -> IdempotencyKey | None:
    found = session().get(IdempotencyKey, (actor_id, key))
    if found is None or found.at >= clock.now() - KEPT_FOR:
        return found
    session().delete(found)
    session().flush()
    return None


def _fingerprint(raw: bytes) -> bytes:
    parts = [request.method, request.path, request.headers.get("X-Seen-Digest")]
    return hashlib.sha256(json.dumps(parts).encode() + b"\0" + raw).digest()


def _written(answer: Answer) -> str:
    return json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))


def _response(status: int, text: str, headers: dict[str, Any]) -> Response:
    return Response(text, status, headers, mimetype="application/json")
