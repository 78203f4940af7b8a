"""Deciding a stream: one JSON object of answers a line in, one JSON object a line out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final, NoReturn, Protocol, TextIO

from compliance.rules.errors import AnswerError
from compliance.rules.finding import to_line

MAX_LINE: Final = 1_000_000
"""The longest line that is read, in bytes; an interview needs two thousand."""

TOO_LONG: Final = "The line is longer than an interview can be (1,000,000 bytes). Write one interview a line."
EMPTY: Final = "The line is empty. Write one JSON object of answers a line; {} is the one without answers."
NOT_UTF8: Final = "The line is not UTF-8 text. Save the file as UTF-8."
NOT_TEXT: Final = "The line holds a character that cannot be written (NUL or half a surrogate pair). Take it out."
NOT_JSON: Final = "The line is not JSON. Write one JSON object of answers a line."
TOO_DEEP: Final = "The line is nested too deeply to be an interview. Write an object of sections of answers."

_TOGETHER: Final = 128
"""How many answers are written at once: an output without a buffer of its own would be called for each."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class LineError(ValueError):
    """A line that is no interview at all."""


class Decides(Protocol):
    """Anything that decides one interview and writes the finding as a line; raises ``AnswerError``."""

    def decide_line(self, interview: object, /) -> str:
        """Decide one interview."""
        ...


def decide_lines(rules: Decides, lines: Iterable[bytes], out: TextIO) -> int:
    """Answer each of *lines* on *out*; return 1 when a line was refused, else 0. The rest is still answered."""
    refused = 0
    answered: list[str] = []
    for number, line in enumerate(_bounded(lines), start=1):
        try:
            answered.append(rules.decide_line(_parsed(line, number)))
        except (AnswerError, LineError) as problem:
            refused = 1
            answered.append(to_line({"error": str(problem), "line": number}))
        if len(answered) == _TOGETHER:
            _hand_over(answered, out)
    _hand_over(answered, out)
    return refused


def _hand_over(answered: list[str], out: TextIO) -> None:
    out.write("".join([f"{line}\n" for line in answered]))
    answered.clear()


def _bounded(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Cut what is too long while it is read, where the source can: nobody's line may fill the memory."""
    readline = getattr(lines, "readline", None)
    if readline is None:
        yield from lines
        return
    while line := readline(MAX_LINE + 1):
        yield line
        while len(line) > MAX_LINE and not line.endswith(b"\n"):
            line = readline(MAX_LINE + 1)


def _parsed(line: bytes, number: int) -> object:
    if len(line) > MAX_LINE:
        raise LineError(TOO_LONG)
    try:
        text = (line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line).decode()
    except UnicodeDecodeError:
        raise LineError(NOT_UTF8) from None
    if not text.strip():
        raise LineError(EMPTY)
    try:
        data: object = _DECODER.decode(text)
        if "\\u" in text:
            _refuse_unwritable(data)
    except LineError:
        raise
    except RecursionError:
        raise LineError(TOO_DEEP) from None
    except UnicodeEncodeError:
        raise LineError(NOT_TEXT) from None
    except ValueError:
        raise LineError(NOT_TEXT if "\0" in text else NOT_JSON) from None
    return data


def _refuse_unwritable(data: object) -> None:
    written = json.dumps(data, ensure_ascii=False)
    written.encode()
    # Escapes come out of the encoder as they went in; a written-out backslash is doubled and is no escape.
    if "\\u0000" in written.replace("\\\\", ""):
        raise LineError(NOT_TEXT)


def _refuse_constant(_: str) -> NoReturn:
    raise LineError(NOT_JSON)


# One decoder for all lines: making it takes a third of the time of reading an interview.
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)
