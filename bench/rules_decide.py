"""How many explained decisions a second: the whole command, from standard input to standard output, on one core."""

from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES = Path(__file__).parent.parent / "tests" / "rules" / "data" / "cest_cases.jsonl.gz"
LINES = 100_000
RUNS = 5


def main() -> None:
    """Print the median rate of five runs over a hundred thousand interviews."""
    with gzip.open(CASES, "rt") as opened:
        interviews = [json.dumps(json.loads(line)["interview"]) for line in opened]
    with tempfile.TemporaryFile() as stream:
        for number in range(LINES):
            stream.write(interviews[number % len(interviews)].encode() + b"\n")
        rates = []
        for _ in range(RUNS):
            stream.seek(0)
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "compliance.cli", "rules", "decide", "uk-cest-2.4"],
                stdin=stream,
                stdout=subprocess.DEVNULL,
                check=True,
            )
            rates.append(LINES / (time.perf_counter() - began))
    print(f"{statistics.median(rates):,.0f} decisions/s (min {min(rates):,.0f}, max {max(rates):,.0f}), start included")


if __name__ == "__main__":
    main()
