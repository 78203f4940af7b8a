"""Reading the gates of a test, and refusing one that can never fire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compliance.rules.errors import RuleSetError, show
from compliance.rules.fields import Fields
from compliance.rules.legal.model import Effect, Gate, Source
from compliance.rules.legal.questions import read_allowed
from compliance.rules.legal.words import decided, word_of
from compliance.rules.model import Question


def read_gates(entries: Sequence[Fields], questions: Mapping[str, Question]) -> tuple[Gate, ...]:
    """Read the gates in their order. Raises ``RuleSetError``."""
    found: list[Gate] = []
    for entry in entries:
        gate = _gate(entry, questions)
        entry.finish()
        _refuse_idle(entry, gate, found)
        found.append(gate)
    return tuple(found)


def _gate(entry: Fields, questions: Mapping[str, Question]) -> Gate:
    effect = word_of(entry, "effect", Effect)
    gives_result = effect in {Effect.RELIEF, Effect.OVERRIDE}
    return Gate(
        key=entry.text("key"),
        title=entry.text("title"),
        effect=effect,
        result=decided(entry, "result") if gives_result else None,
        redirect=entry.text("redirect") if effect is Effect.REDIRECT else None,
        scope=entry.text("scope", ""),
        all_of=read_allowed(entry.table("all_of"), questions),
        unless=read_allowed(entry.table("unless"), questions),
        citation=entry.text("citation"),
        source=word_of(entry, "source", Source),
        note=entry.text("note"),
    )


def _refuse_idle(entry: Fields, gate: Gate, before: Sequence[Gate]) -> None:
    if not gate.all_of:
        raise RuleSetError(entry.place, "the gate has no condition in all_of, so it would always fire.")
    if any(one.key == gate.key for one in before):
        raise RuleSetError(entry.place, f"the key {show(gate.key)} is used twice.")
    if gate.effect is Effect.APPLIES_IF:
        return
    for key, needed in gate.all_of.items():
        if needed <= gate.unless.get(key, frozenset()):
            raise RuleSetError(entry.place, f"the gate can never fire: unless takes back what all_of asks of {key}.")
    for earlier in before:
        if earlier.effect is not Effect.APPLIES_IF and _always_first(earlier, gate):
            raise RuleSetError(
                entry.place, f"the gate can never fire: {show(earlier.key)} before it takes every case it covers."
            )


def _always_first(earlier: Gate, later: Gate) -> bool:
    """Whether the earlier gate fires whenever the later one does."""

    def given(key: str) -> frozenset[str] | None:
        needed = later.all_of.get(key)
        return None if needed is None else needed - later.unless.get(key, frozenset())

    covered = all((found := given(key)) is not None and found <= wanted for key, wanted in earlier.all_of.items())
    return covered and all(
        (found := given(key)) is not None and not found & spared for key, spared in earlier.unless.items()
    )
