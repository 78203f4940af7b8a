"""Replaying all past determinations under a version of a rule set: gathering them, the job, and where its files lie.

A replay has a folder of its own in the data directory, named after the version and its content. It holds the content,
what was found before, and the results; whoever goes on with it later does what is missing. It reads determinations and
changes none.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from flask import current_app

from compliance.engine.determination import Determination
from compliance.kernel import clock, db, jobs
from compliance.kernel.db import table
from compliance.rules import store
from compliance.rules.agenda import JOINED
from compliance.rules.errors import Place, RuleSetError, show
from compliance.rules.fields import read_text
from compliance.rules.finding import to_line
from compliance.rules.library import AnySet, Library
from compliance.rules.loading import FILE
from compliance.rules.replay import Progress, Shelf, answer_column, replay
from compliance.rules.sql.compiled import Compilable, columns
from compliance.rules.sql.database import opened, write
from compliance.rules.sql.writing import name, text

JOB: Final = "rules.replay"
FINDINGS_IN_FILE: Final = 250_000
READ_AT_ONCE: Final = 500
KEPT_FOR: Final = dt.timedelta(days=30)
_CONTENT: Final = "rules.json"
_LOCK: Final = "lock"
_KEPT: Final = table(Determination).c


class NothingToReplayError(ValueError):
    """A rule set that decides no status has found nothing that could change."""


def plan(rules: AnySet, content: str) -> str:
    """Set a replay of these rules up, unless it is; return its name. *content* holds their files, as published."""
    found = replayable(rules)
    replay_name = f"{found.key}-{found.version}-{found.digest[:16]}"
    shelf = shelf_of(replay_name)
    shelf.past.mkdir(parents=True, exist_ok=True)
    if not (shelf.folder / _CONTENT).exists():
        kept = json.dumps({"key": found.key, "version": found.version, "content": content}, ensure_ascii=False)
        partial = shelf.folder / f"{_CONTENT}.{uuid.uuid4().hex}"
        partial.write_text(kept, encoding="utf-8")
        partial.replace(shelf.folder / _CONTENT)
    return replay_name


def replayable(rules: AnySet) -> Compilable:
    """Return the rules if they decide a status. Raises :class:`NothingToReplayError`."""
    if not isinstance(rules, Compilable):
        raise NothingToReplayError(
            f"{rules.key} is a list of duties and decides no status, so that no determination rests on it. "
            "Replay a decision table or a legal test."
        )
    return rules


def shelf_of(replay_name: str) -> Shelf:
    """Return where the files of a replay lie."""
    settings = current_app.config["SETTINGS"]
    return Shelf(settings.data_dir / "replays" / replay_name)


def is_finished(replay_name: str) -> bool:
    """Tell whether a replay was done to its end, and is kept still."""
    shelf = shelf_of(replay_name)
    return shelf.results.is_dir() and not shelf.open_parts()


def rules_of(shelf: Shelf) -> Compilable:
    """Return the rules that a replay is about."""
    kept = json.loads((shelf.folder / _CONTENT).read_text(encoding="utf-8"))
    return replayable(store.read(kept["key"], kept["version"], kept["content"]))


def content_in(folder: Path, key: str) -> tuple[AnySet, str]:
    """Read rules that nobody published: from a decision table's own folder, or from one of legal tests by key.

    Raises ``RuleSetError`` and ``UnknownRuleSetError``.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".toml", ".txt"})
    names = [path.relative_to(folder).as_posix() for path in files]
    texts = {one: read_text(folder, one) for one in names}
    content = json.dumps(texts, ensure_ascii=False, sort_keys=True)
    version = "" if (folder / FILE).is_file() else Library((), (folder,)).versions(key)[-1]
    found = store.read(key, version, content)
    if found.key != key:
        raise RuleSetError(Place(FILE), f"the key is {show(found.key)}, but {show(key)} was to be replayed.")
    return found, content


def enqueue(replay_name: str, key: str) -> str:
    """Have a replay done in the background once the transaction is committed; return the job's id."""
    return jobs.enqueue(JOB, key, [replay_name, key])


def work(replay_name: str, key: str) -> int:
    """Do a replay as a job, file by file, until it is done or cancelled; return how many files are done."""
    job_id, shelf = f"{JOB}:{key}", shelf_of(replay_name)

    def progress(done: int, of: int) -> bool:
        jobs.report(done, of)
        job = jobs.find(job_id)
        return job is None or job.status is not jobs.Status.CANCELLED

    run(shelf, progress)
    return len(shelf.parts()) - len(shelf.open_parts())


def run(shelf: Shelf, progress: Progress, findings_in_file: int | None = None) -> bool:
    """Gather what is new since the last time, and replay what is not replayed; tell whether all of it is done.

    It reads in transactions of its own: whoever calls it has nothing left to commit.
    """
    rules = rules_of(shelf)
    with (shelf.folder / _LOCK).open("w") as lock:
        # Whoever was taken for dead and is not would number the same files differently; the lock dies with its holder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        (shelf.folder / _LOCK).touch()
        for _ in gather(rules, shelf, findings_in_file or FINDINGS_IN_FILE):
            parts = shelf.parts()
            if not progress(len(parts) - len(shelf.open_parts()), len(parts)):
                return False
        return replay(rules, shelf, progress)


def forget() -> None:
    """Delete replays that nobody has gone on with for long: they hold answers, and can be done again."""
    before = (clock.now() - KEPT_FOR).timestamp()
    for folder in sorted(shelf_of("").folder.glob("*")):
        if max((path.stat().st_mtime for path in (folder, folder / _LOCK) if path.exists()), default=before) < before:
            shutil.rmtree(folder)


def gather(rules: Compilable, shelf: Shelf, findings_in_file: int) -> Iterator[Path]:
    """Write the findings of all determinations behind those that are there, in files; yield each when it is whole."""
    parts = shelf.parts()
    last = _last(shelf, parts[-1]) if parts else None
    number = len(parts)
    lines = shelf.folder / "gathered.jsonl"
    found = _findings(rules, last)
    try:
        while True:
            count = 0
            with lines.open("w", encoding="utf-8") as out:
                for several in found:
                    out.writelines(f"{to_line(one)}\n" for one in several)
                    count += len(several)
                    if count >= findings_in_file:
                        break
            if not count:
                return
            _to_parquet(rules, shelf, lines, shelf.part(number))
            yield shelf.part(number)
            number += 1
    finally:
        lines.unlink(missing_ok=True)


def _last(shelf: Shelf, part: Path) -> uuid.UUID:
    """Return the newest determination of a file, which all of its findings are in."""
    with opened(shelf.folder) as database:
        (newest,) = database.execute(f"SELECT max(determination) FROM read_parquet({text(str(part))})").fetchall()  # noqa: S608
        return uuid.UUID(newest[0])


def _findings(rules: Compilable, last: uuid.UUID | None) -> Iterator[list[dict[str, str]]]:
    """Yield the findings of determinations under any version of the rules, the oldest first, never one torn apart."""
    session = db.session()
    asked = sa.literal(JOINED).concat(_KEPT.rule_set).concat(JOINED)
    query = (
        sa.select(_KEPT.id, _KEPT.rule_set, _KEPT.answers, _KEPT.findings)
        .where(asked.contains(f"{JOINED}{rules.key}{JOINED}", autoescape=True))
        .order_by(_KEPT.id)
        .limit(READ_AT_ONCE)
    )
    keys = frozenset(columns(rules))
    while True:
        # Nobody waits for a replay: between two looks it holds no transaction.
        db.start_over()
        rows = session.execute(query if last is None else query.where(_KEPT.id > last)).all()
        session.rollback()
        if not rows:
            return
        last = rows[-1].id
        yield [
            {"determination": str(row.id), "party": party, "old": old}
            | {answer_column(key): to_line(value) for key, value in row.answers[party].items() if key in keys}
            for row in rows
            for party in sorted(row.answers)
            if (old := word_of(row.findings.get(party), rules.key)) is not None
        ]


def word_of(finding: Mapping[str, Any] | None, key: str) -> str | None:
    """Return what one of the rule sets found, in its own word; nothing where the answers led to no finding."""
    for one in (finding or {}).get("findings", [finding or {}]):
        if one.get("rule_set") == key:
            return str(one.get("result", one["outcome"]))
    return None


def _to_parquet(rules: Compilable, shelf: Shelf, lines: Path, part: Path) -> None:
    names = ["determination", "party", "old", *map(answer_column, columns(rules))]
    typed = ", ".join(f"{name(one)}: 'VARCHAR'" for one in names)
    with opened(shelf.folder) as database:
        read = f"read_json({text(str(lines))}, format = 'newline_delimited', columns = {{{typed}}})"
        write(database, f"(FROM {read})", part)
