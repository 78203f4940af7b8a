"""Deciding a stream: one JSON object of answers a line in, one JSON object a line out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, TextIO

from compliance.rules.errors import AnswerError
from compliance.rules.rule_set import RuleSet

MAX_LINE: Final = 1_000_000
TOO_LONG: Final = "The line is longer than an interview can be."
NOT_JSON: Final = "The line is not JSON. Write one object of answers a line."
TOO_DEEP: Final = "The line is nested too deeply to be an interview."


class LineError(ValueError):
    """A line that is no interview at all."""


def decide_lines(rules: RuleSet, lines: Iterable[bytes], out: TextIO) -> int:
    """Answer each of *lines* on *out*; return 1 when a line was refused, else 0. The rest is still answered."""
    refused = 0
    encode = json.JSONEncoder(separators=(",", ":")).encode
    for number, line in enumerate(lines, start=1):
        try:
            answer = rules.decide(_parsed(line)).as_json()
        except (AnswerError, LineError) as problem:
            answer, refused = {"error": str(problem), "line": number}, 1
        out.write(encode(answer) + "\n")
    return refused


def _parsed(line: bytes) -> Any:  # noqa: ANN401 - whatever the line holds
    if len(line) > MAX_LINE:
        raise LineError(TOO_LONG)
    try:
        return json.loads(line)
    except RecursionError:
        raise LineError(TOO_DEEP) from None
    except ValueError:
        raise LineError(NOT_JSON) from None
