"""What can be wrong with a rule set, and with the answers given to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault stands: the rule set where there are several, the file, then the line, then the column or entry."""

    file: str
    line: int | None = None
    part: str = ""
    rule_set: str = ""

    def __str__(self) -> str:
        """Read as ``control.txt, line 14, column 2 (when)``."""
        words = [self.rule_set, self.file] if self.rule_set else [self.file]
        if self.line is not None:
            words.append(f"line {self.line}")
        if self.part:
            words.append(self.part)
        return ", ".join(words)

    def at(self, part: str) -> "Place":
        """Point into the same file and line more precisely."""
        return replace(self, part=f"{self.part}, {part}" if self.part else part)


class RuleSetError(ValueError):
    """A rule set cannot be used as it is written; nothing of it was loaded."""

    def __init__(self, place: Place, problem: str) -> None:
        """Keep the place beside the sentence, so that an editor can jump to it."""
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


@contextmanager
def named(rule_set: str) -> Iterator[None]:
    """Say of a fault that comes up within which rule set it is in: there are many, with files of the same names."""
    try:
        yield
    except RuleSetError as found:
        raise RuleSetError(replace(found.place, rule_set=rule_set), found.problem) from None


class AnswerError(ValueError):
    """An answer is none that the rule set knows; nothing was decided."""

    def __init__(self, section: str | None, question: str | None, problem: str) -> None:
        """Name the section and the question, where the fault is in one of them."""
        super().__init__(problem)
        self.section = section
        self.question = question


def no_object(found: object) -> AnswerError:
    """Say that something else stands where an object of answers belongs."""
    problem = show(found)
    return AnswerError(None, None, f"{problem[0].upper()}{problem[1:]} stands where an object of answers belongs.")


class UnknownRuleSetError(LookupError):
    """No rule set of that key (and version) is in the catalog."""

    def __init__(self, asked_for: str, known: list[str]) -> None:
        """Say which ones there are."""
        listed = ", ".join(known) or "none"
        super().__init__(f"There is no rule set {show(asked_for)}. Known rule sets: {listed}.")


class UnknownVariantError(LookupError):
    """A variant is none of the test's, or only proposed and not switched on."""


class NotInForceError(LookupError):
    """No version of a rule set is in force on the day asked for."""


_SHOWN = 60


def show(value: object) -> str:
    """Quote a value for a sentence: short, printable, and safe to write as UTF-8 whatever was sent."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int | float):
        return "a number"
    if not isinstance(value, str):
        return "nothing" if value is None else "something else"
    cut = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
    printable = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)
    return f"“{printable}”"
