import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from compliance.cli import main
from compliance.rules import command
from compliance.rules.errors import UnknownVariantError
from compliance.rules.lines import decide_lines
from tests.rules.legal.test_decide import EMPLOYED

PACKAGES = ("workflows",)


@pytest.fixture
def runner(tmp_path: Path) -> CliRunner:
    return CliRunner(env={"COMPLIANCE_DATA_DIR": str(tmp_path)})


def answered(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_every_set_decides_from_the_command_line(runner: CliRunner) -> None:
    lines = "\n".join([json.dumps(EMPLOYED), '{"how_directed":"perhaps"}', "[", "{}"])
    result = runner.invoke(main, ["rules", "decide", "us-irs-common-law"], input=lines)
    assert result.exit_code == 1
    first, unknown, broken, empty = answered(result.stdout)
    assert first["outcome"] == "employee"
    assert {"outcome", "factors", "reasons", "what_if", "rule_set"} <= set(first)
    assert (unknown["line"], "perhaps" in unknown["error"]) == (2, True)
    assert broken["error"].startswith("The line is not JSON")
    assert empty["outcome"] == "needs_review"


def test_a_refusal_names_what_can_be_asked_for(runner: CliRunner) -> None:
    result = runner.invoke(main, ["rules", "decide", "us-flsa", "--variant", "proposed-2026"], input="{}")
    assert result.exit_code == 1
    assert "only proposed and not law" in result.stderr
    result = runner.invoke(main, ["rules", "decide", "eu-platform", "--at", "2026-01-01"], input="{}")
    assert "is not in force on 2026-01-01" in result.stderr


def test_the_list_names_every_set(runner: CliRunner) -> None:
    result = runner.invoke(main, ["rules", "list"])
    assert result.exit_code == 0
    assert len(result.stdout.partition("\n\n")[0].splitlines()) == 31  # Also before there is a database.


def test_day_version_and_variant_choose() -> None:
    day = dt.datetime(2026, 12, 31, tzinfo=dt.UTC)
    assert command.choose(PACKAGES, "eu-platform", at=day).key == "eu-platform"
    assert command.choose(PACKAGES, "eu-platform", version="2026.1").version == "2026.1"
    proposed = command.choose(PACKAGES, "us-flsa", variant="proposed-2026", proposed=True)
    out = io.StringIO()
    assert decide_lines(proposed, [b"{}"], out) == 0
    assert json.loads(out.getvalue())["variant"] == {"key": "proposed-2026", "status": "proposed"}
    with pytest.raises(UnknownVariantError, match="is no legal test, so it has no variants"):
        command.choose(PACKAGES, "uk-cest-2.4", variant="other")
