import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from compliance.rules import catalog
from compliance.rules.rule_set import RuleSet

CASES = Path(__file__).parent / "data" / "cest_cases.jsonl.gz"


@pytest.fixture(scope="session")
def cest() -> RuleSet:
    return catalog.get("uk-cest-2.4", ("workflows",))


@pytest.fixture(scope="session")
def cases() -> list[dict[str, Any]]:
    with gzip.open(CASES, "rt") as lines:
        return [json.loads(line) for line in lines]
