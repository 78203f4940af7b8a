"""How many explained decisions a second: the whole command, from standard input to standard output, on one core.

Decision tables decide the published interviews. A legal test decides the decided cases, and interviews drawn at random
with half and with nine tenths of its questions answered: these are all different, so that nothing remembered helps.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path

from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import Library

ROOT = Path(__file__).parent.parent
TABLES = ROOT / "tests" / "rules" / "data" / "cest_cases.jsonl.gz"
CASES = ROOT / "compliance" / "demo" / "data" / "caselaw.jsonl"
TESTS = ("us-irs-common-law", "us-flsa", "can-common-law", "uk-status", "us-ca-abc")
ON = dt.date(2026, 12, 31)
LINES = 50_000
RUNS = 3


def main() -> None:
    """Print the median rate of the runs, by processor time and by the clock."""
    with gzip.open(TABLES, "rt") as opened:
        measure("uk-cest-2.4", "published", [json.dumps(json.loads(line)["interview"]) for line in opened])
    facts = [json.dumps(json.loads(line)["facts"]) for line in CASES.read_text(encoding="utf-8").splitlines()]
    library = Library(("workflows",))
    for key in TESTS:
        test = library.find(key, at=ON)
        if isinstance(test, LegalTest):
            measure(key, "decided cases", facts)
            for answered in (0.5, 0.9):
                measure(key, f"random, {answered:.0%} answered", list(drawn(test, answered)))


def drawn(test: LegalTest, answered: float) -> Iterable[str]:
    """Draw interviews: each question of the factors is answered with a chance."""
    asked = {key for factor in test.factors for key in factor.leanings}
    questions = [(one.key, [option.word for option in one.options]) for one in test.questions if one.key in asked]
    chance = random.Random(1)  # noqa: S311 - interviews, not secrets
    for _ in range(LINES):
        yield json.dumps({key: chance.choice(words) for key, words in questions if chance.random() < answered})


def measure(key: str, name: str, interviews: list[str]) -> None:
    """Time the command over the interviews, repeated to the number of lines."""
    with tempfile.TemporaryFile() as stream:
        stream.write("".join(f"{one}\n" for one in islice(cycle(interviews), LINES)).encode())
        by_clock, by_processor = [], []
        for _ in range(RUNS):
            stream.seek(0)
            began, used = time.perf_counter(), os.times()
            subprocess.run(
                [sys.executable, "-m", "compliance.cli", "rules", "decide", key, "--at", ON.isoformat()],
                stdin=stream,
                stdout=subprocess.DEVNULL,
                check=True,
            )
            by_clock.append(LINES / (time.perf_counter() - began))
            spent = os.times()
            by_processor.append(
                LINES / (spent.children_user + spent.children_system - used.children_user - used.children_system)
            )
    processor, clock = statistics.median(by_processor), statistics.median(by_clock)
    print(f"{key:20} {name:24} {processor:8,.0f}/s of processor, {clock:8,.0f}/s by the clock, start included")


if __name__ == "__main__":
    main()
