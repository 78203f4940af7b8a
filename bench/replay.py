"""Replaying stored determinations under an amended version: seconds, memory, and what would change.

The past is made in DuckDB itself, with answers drawn by chance and the findings of the version as it is shipped. Only
the replay is timed, in a process of its own: from the files to the matrix and the first page of what would change.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path
from typing import Final

from compliance.rules.finding import to_line
from compliance.rules.library import AnySet, Library
from compliance.rules.loading import FILE, load
from compliance.rules.replay import Shelf, answer_column, changed, matrix, replay
from compliance.rules.sql.compiled import Compilable, query
from compliance.rules.sql.database import opened, write
from compliance.rules.sql.writing import name, text

ROWS: Final = 500_000
MEGABYTE: Final = 1_024
SHIPPED: Final = Path(str(resources.files("workflows"))) / "rules"
ON: Final = dt.date(2026, 12, 31)


def main() -> None:
    """Print what one replay takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--key", default="uk-cest-2.4")
    parser.add_argument("--findings", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="Keep the files here; what is there already is used again.")
    parser.add_argument("--measured", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measured:
        measure(chosen.key, Shelf(chosen.folder))
        return
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as scratch:
        shelf = Shelf(chosen.folder or Path(scratch))
        make_past(chosen.key, shelf, chosen.findings)
        shutil.rmtree(shelf.results, ignore_errors=True)
        again = [sys.executable, "-m", "bench.replay", "--measured", "--key", chosen.key, "--folder", str(shelf.folder)]
        subprocess.run(again, check=True)


def make_past(key: str, shelf: Shelf, findings: int) -> None:
    """Write the past: most questions answered, each by chance, and what the shipped version finds."""
    rules = decider(Library(("workflows",)).find(key, at=ON))
    shelf.past.mkdir(parents=True, exist_ok=True)
    drawn = ", ".join(
        f"CASE WHEN random() < 0.9 THEN [{', '.join(text(to_line(option.value)) for option in question.options)}]"
        f"[1 + floor(random() * {len(question.options)})::INTEGER] END AS {name(answer_column(question.key))}"
        for question in rules.questions
    )
    kept = ["determination", "party", *(name(answer_column(question.key)) for question in rules.questions)]
    for number, first in enumerate(range(0, findings, ROWS)):
        if shelf.part(number).exists():
            continue
        with opened(shelf.folder, "2GB") as database:
            database.execute(
                "CREATE TEMP TABLE drawn AS SELECT format('{:032x}', range) AS determination, 'client' AS party, "  # noqa: S608
                f"{drawn} FROM range({first}, {min(first + ROWS, findings)})"
            )
            found = query(rules, "drawn", kept, answer_column)
            write(database, f"(SELECT * EXCLUDE (result), result AS old FROM ({found}))", shelf.part(number))  # noqa: S608


def measure(key: str, shelf: Shelf) -> None:
    """Replay everything under an amended version, and print what it took."""
    rules = amended(key)
    began = time.perf_counter()
    replay(rules, shelf, show)
    moved, page = matrix(shelf), changed(shelf)
    seconds, used = time.perf_counter() - began, os.times()
    total = sum(one.findings for one in moved)
    print(f"\n{key}: {total:,} findings in {seconds:.1f} s, {used.user + used.system:.1f} s of processor,")
    print(f"at most {most_memory()} MB; load {os.getloadavg()[0]:.1f}.")
    for one in moved:
        print(f"{one.findings:12,}  {one.old:28} {'stays' if one.old == one.new else f'-> {one.new}'}")
    print(f"The first of those that would change: {page[0] if page else 'none'}")


def show(done: int, of: int) -> bool:
    """Print how far it is, and go on."""
    print(f"\r{done} of {of} files", end="", flush=True)
    return True


def most_memory() -> int:
    """Return the most megabytes that this process had; what the system tells its parent includes the parent's own."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // MEGABYTE


def amended(key: str) -> Compilable:
    """Return the rule set with another outcome in a few rows of its tables, or with other thresholds."""
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as scratch:
        root = Path(scratch) / "rules"
        shutil.copytree(SHIPPED, root)
        if (root / key / FILE).is_file():
            for table in sorted((root / key / "tables").glob("*.txt")):
                table.write_text(_other_rows(table.read_text(encoding="utf-8")), encoding="utf-8")
            return load(root / key)
        found = next((root / key).glob(f"*/{FILE}"))
        words = found.read_text(encoding="utf-8").replace("contractor_from = ", "contractor_from = 0.1 # ")
        found.write_text(words.replace("met_from = ", "met_from = 0.9 # "), encoding="utf-8")
        return decider(Library((), (root,)).find(key, at=ON))


def _other_rows(table: str) -> str:
    """Give every fifth row the outcome of the last row that has another one."""
    lines = [line.rpartition("|") for line in table.splitlines()]
    outcomes = [outcome.strip() for _, bar, outcome in lines[2:] if bar and not outcome.startswith("-")]
    for number in range(5, len(lines), 5):
        head, bar, outcome = lines[number]
        other = next((one for one in reversed(outcomes) if one != outcome.strip()), outcome)
        lines[number] = (head, bar, f" {other}") if bar and not outcome.startswith("-") else lines[number]
    return "\n".join("".join(line) for line in lines)


def decider(found: AnySet) -> Compilable:
    """Return what can be replayed; stops for a check of duties."""
    if not isinstance(found, Compilable):
        sys.exit(f"{found.key} decides no status, so that there is nothing to replay.")
    return found


if __name__ == "__main__":
    main()
