"""Measure the background work: ready after how long, how much memory, how soon a mail leaves, how many a second.

    python -m bench.background [DATABASE_URL]

Without an address a SQLite file of its own is used; a database that is named must be empty.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from compliance import create_app
from compliance.kernel import clock, db, ids, jobs, migrations
from compliance.kernel.db import session
from compliance.kernel.jobs import Status
from compliance.messages.models import MailMessage

MAILS: Final = 2_000
JOBS: Final = 500
SINGLE: Final = 30
# The log's library loads “rich” where it finds it: among the developers' tools, but not where the desk is installed.
AS_INSTALLED: Final = 'import sys; sys.modules["rich"] = None; from compliance.cli import main; main()'


def main() -> None:
    """Run every measurement and print it."""
    folder = Path(tempfile.mkdtemp())
    os.environ |= {"COMPLIANCE_ENV": "test", "COMPLIANCE_DATA_DIR": str(folder), "COMPLIANCE_SECRET_KEY": "k" * 48}
    if len(sys.argv) > 1:
        os.environ["COMPLIANCE_DATABASE_URL"] = sys.argv[1]
    app = create_app()
    with app.app_context():
        migrations.upgrade(db.engine())
        began = time.perf_counter()
        with _working() as worker:
            print(f"ready after                 {time.perf_counter() - began:6.2f} s")
            print(f"memory when idle            {_resident(worker):6.1f} MB")
            _measure(folder / "mail", worker)
            if not db.is_sqlite():  # There one works at a time.
                _measure_two(worker)


@contextmanager
def _working() -> Iterator[int]:
    """Let a worker of its own process work through the block, and hand out its id."""
    worker = subprocess.Popen([sys.executable, "-c", AS_INSTALLED, "worker"], stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout is not None  # noqa: S101 - it was asked for
        worker.stdout.readline()
        yield worker.pid
    finally:
        worker.terminate()
        worker.wait()


def _measure_two(first: int) -> None:
    """Print what each of two workers holds after both had jobs."""
    with _working() as second:
        _do_jobs("of two")
        for name, pid in (("the first", first), ("the second", second)):
            print(f"memory of two, {name:12} {_resident(pid):6.1f} MB")


def _do_jobs(key: str) -> float:
    """Have many small jobs done; return the seconds that it took."""
    for number in range(JOBS):
        jobs.enqueue("mail.send", f"{key} {number}", [[]])
    session().commit()
    began = time.perf_counter()
    _until(lambda: not jobs.listing(Status.WAITING, size=1) and not jobs.listing(Status.RUNNING, size=1))
    return time.perf_counter() - began


def _measure(folder: Path, pid: int) -> None:
    waits = [_one(folder) for _ in range(SINGLE)]
    print(f"commit to file, median      {statistics.median(waits) * 1000:6.0f} ms")
    print(f"commit to file, worst of {SINGLE} {max(waits) * 1000:6.0f} ms")
    began = time.perf_counter()
    made = _write(MAILS)
    _until(lambda: all((folder / f"{mail}.eml").exists() for mail in made))
    print(f"mails written and sent      {MAILS / (time.perf_counter() - began):6.0f} a second")
    print(f"jobs done                   {JOBS / _do_jobs('of one'):6.0f} a second")
    print(f"memory after that           {_resident(pid):6.1f} MB")
    spent = [_enqueue(str(number)) for number in range(200)]
    print(f"enqueue in a transaction    {statistics.median(spent) * 1000:6.2f} ms")
    time.sleep(1)
    before = _cpu(pid)
    time.sleep(5)
    print(f"processor when idle         {(_cpu(pid) - before) / 5 * 100:6.1f} %")


def _one(folder: Path) -> float:
    (mail,) = _write(1)
    began = time.perf_counter()
    _until((folder / f"{mail}.eml").exists)
    return time.perf_counter() - began


def _write(count: int) -> list[str]:
    at = clock.now()
    made = [
        MailMessage(
            id=ids.new_id(), address="fay@example.com", subject="News", text="Words\n" * 20, made_at=at, due_at=at
        )
        for _ in range(count)
    ]
    session().add_all(made)
    session().commit()
    return [str(mail.id) for mail in made]


def _enqueue(key: str) -> float:
    session().connection()
    began = time.perf_counter()
    jobs.enqueue("never", key)
    spent = time.perf_counter() - began
    session().rollback()
    return spent


def _until(condition: Callable[[], object]) -> None:
    pause = threading.Event()
    while not condition():
        pause.wait(0.005)


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
