"""Signs of life of workers, by which the living know whose jobs to take over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from compliance.kernel import clock
from compliance.kernel.db import Base, session, table

KEPT: Final = dt.timedelta(days=1)


class WorkerBeat(Base):
    """A worker and how often it has shown that it lives. Others watch the number change, so no clocks are compared."""

    __tablename__ = "worker_beat"

    worker: Mapped[str] = mapped_column(primary_key=True)
    beats: Mapped[int] = mapped_column(default=0)
    began_at: Mapped[dt.datetime]
    beat_at: Mapped[dt.datetime]


def beat(worker: str) -> None:
    """Show that *worker* lives."""
    now, row = clock.now(), session().get(WorkerBeat, worker)
    if row is None:
        session().add(WorkerBeat(worker=worker, began_at=now, beat_at=now))
    else:
        row.beats, row.beat_at = row.beats + 1, now


def last(worker: str) -> None:
    """Take *worker* off the list: it stops, and leaves its jobs to the others at once."""
    session().execute(sa.delete(table(WorkerBeat)).where(WorkerBeat.worker == worker))


def counts() -> dict[str, int]:
    """Return how often each worker has beaten."""
    return {row.worker: row.beats for row in session().execute(sa.select(WorkerBeat.worker, WorkerBeat.beats))}


def workers() -> list[WorkerBeat]:
    """Return the workers that are known, the one seen last on top."""
    return list(session().scalars(sa.select(WorkerBeat).order_by(WorkerBeat.beat_at.desc(), WorkerBeat.worker)))


def forget() -> None:
    """Drop workers that have long been silent; their jobs have been taken over."""
    session().execute(sa.delete(table(WorkerBeat)).where(WorkerBeat.beat_at < clock.now() - KEPT))


class Watch:
    """What one worker has seen of the others: who has been silent for how long, by its own clock only."""

    def __init__(self, patience: dt.timedelta) -> None:
        self.patience = patience.total_seconds()
        self._seen: dict[str, tuple[int | None, float]] = {}

    def silent(self, owners: Collection[str], now: float) -> list[str]:
        """Return those of *owners* that have not beaten for longer than the patience lasts.

        *now* is a reading of a clock that only goes forward, in seconds. An owner that never beat is watched like any
        other, so that no job is stranded because a row is missing.
        """
        found = counts()
        self._seen = {
            owner: before
            if (before := self._seen.get(owner)) and before[0] == found.get(owner)
            else (found.get(owner), now)
            for owner in owners
        }
        return [owner for owner, (_, since) in self._seen.items() if now - since > self.patience]
