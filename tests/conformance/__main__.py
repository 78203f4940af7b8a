"""Every published row and case of the UK tables, the facts of the legal tests, and decided cases, held against ours."""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compliance.rules import catalog
from compliance.rules.finding import RESULT
from compliance.rules.rule_set import RuleSet
from tests.conformance import legal

TABLES = {
    "exit": "exit",
    "personal-service": "personalService",
    "control": "control",
    "financial-risk": "financialRisk",
    "part-and-parcel": "partAndParcel",
    "business-on-own-account": "businessOnOwnAccount",
    "matrix-of-matrices": RESULT,
}
WORDS: dict[str, object] = {"true": True, "false": False}


def main(folder: Path) -> int:
    """Compare, print the counts, and return 1 when anything differs, 2 when there is nothing to compare with."""
    cest = folder / "cest"
    if not (cest / "tables-2.4").is_dir():
        print(f"There is no folder {cest}; name the one that holds the published data.", file=sys.stderr)
        return 2
    rules = catalog.get("uk-cest-2.4", ("workflows",))
    parts = [[*_rows(rules, cest / "tables-2.4"), *_cases(rules, cest)]]
    if (folder / "jurisdictions.json").is_file():
        parts.append(legal.held_to_facts(folder))
    if (folder / "caselaw").is_dir():
        parts.append(legal.held_to_cases(folder))
    for difference in [one for part in parts for one in part[:10]]:
        print(difference)
    print(f"{sum(not part for part in parts)} passed, {sum(len(part) for part in parts)} failed")
    return 1 if any(parts) else 0


def _rows(rules: RuleSet, tables: Path) -> Iterator[str]:
    """A published row must be a row of ours: same place, same conditions, same outcome."""
    count = 0
    for file, key in TABLES.items():
        table = rules.table(key)
        with (tables / f"{file}.csv").open(newline="") as opened:
            published = list(csv.reader(opened))
        # The last cell of a row is its outcome, whatever the heading above it says: one file has a heading too many.
        names = published[0][: len(published[1]) - 1]
        if len(published) - 1 != len(table.rows):
            yield f"{file}: {len(published) - 1} rows are published, ours has {len(table.rows)}"
        for number, (row, ours) in enumerate(zip(published[1:], table.rows, strict=False), start=1):
            count += 1
            wanted = [None if not cell else (WORDS.get(cell, cell),) for cell in row[:-1]]
            if names != [c.key for c in table.columns] or (wanted, row[-1]) != (list(ours.cells), ours.outcome):
                yield f"{file} row {number}: published {row}, ours {ours}"
    print(f"{count} published rows compared")


def _cases(rules: RuleSet, cest: Path) -> Iterator[str]:
    official = json.loads((cest / "cases_official_public.json").read_text())
    with gzip.open(cest / "cases_public.jsonl.gz", "rt") as opened:
        generated = [json.loads(line) for line in opened]
    for case in [*official, *generated]:
        finding = rules.decide(case["interview"]).as_json()
        expected: dict[str, Any] = case["expected"]
        whole = "id" in case
        same = finding["result"] == expected["result"]
        same &= finding["resultWithoutBooa"] == expected.get("resultWithoutBooa", finding["resultWithoutBooa"])
        scores = finding["scores"]
        same &= scores == expected["scores"] if whole else expected["scores"].items() <= scores.items()
        if not same:
            yield f"{case.get('id') or case['name']}: expected {expected}, got {finding['result']} {scores}"
    print(f"{len(official)} official and {len(generated)} generated cases compared")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")))
