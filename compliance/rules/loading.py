"""Reading a rule set from its folder, and refusing whatever is broken with its place."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from compliance.rules.errors import Place, RuleSetError
from compliance.rules.model import AnySectionScores, Column, Matrix, Option, Otherwise, Outcome, Section, Step, Without
from compliance.rules.rule_set import Parts, RuleSet
from compliance.rules.table import parse_table

FILE: Final = "rule_set.toml"


def load(folder: Path) -> RuleSet:
    """Read and check the rule set in *folder*; raises :class:`RuleSetError` with file, row and column."""
    raw = _read(folder / FILE)
    texts = {path.stem: _read(path) for path in sorted((folder / "tables").glob("*.txt"))}
    try:
        return RuleSet(_parts(tomllib.loads(raw), raw, texts))
    except tomllib.TOMLDecodeError as broken:
        raise RuleSetError(Place(FILE), f"it is not valid TOML: {broken}.") from None
    except KeyError as missing:
        raise RuleSetError(Place(FILE), f"the entry {missing} is missing.") from None


def _parts(data: Mapping[str, Any], raw: str, texts: Mapping[str, str]) -> Parts:
    sections = tuple(_section(entry, texts) for entry in data["sections"])
    steps = tuple(_step(entry, sections, texts) for entry in data["steps"])
    if not steps or not isinstance(steps[-1], Otherwise):
        raise RuleSetError(Place(FILE, part="steps"), "the last step must name a result without any condition.")
    whole = "\0".join([raw, *(f"{name}\0{text}" for name, text in texts.items())])
    return Parts(
        head={name: data[name] for name in ("key", "version", "title", "jurisdiction", "source", "licence")},
        digest=hashlib.sha256(whole.encode()).hexdigest(),
        sections=sections,
        steps=steps,
        outcomes={word: Outcome(outcome) for word, outcome in data["outcomes"].items()},
        without=Without(**data["without"]) if "without" in data else None,
        context=data.get("context", {}),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as broken:
        raise RuleSetError(Place(path.name), f"it cannot be read: {broken}.") from None


def _section(entry: Mapping[str, Any], texts: Mapping[str, str]) -> Section:
    key = entry["key"]
    columns = tuple(_column(key, name, question) for name, question in entry["questions"].items())
    if key not in texts:
        raise RuleSetError(Place(f"{key}.txt"), "the section has no table.")
    table = parse_table(texts[key], f"{key}.txt", {column.key: column for column in columns}, entry["scores"])
    return Section(
        key=key,
        title=entry["title"],
        about=entry.get("about", ""),
        columns=columns,
        table=table,
        scores=dict.fromkeys(entry["scores"], ""),
        empty=entry.get("empty"),
        no_row=entry.get("no_row"),
    )


def _column(section: str, key: str, question: Mapping[str, Any]) -> Column:
    options = (
        (Option(value=True, label="Yes"), Option(value=False, label="No"))
        if question.get("yes_no")
        else tuple(Option(value, label) for value, label in question["options"].items())
    )
    return Column(key, section, question["text"], options)


def _step(entry: Mapping[str, Any], sections: tuple[Section, ...], texts: Mapping[str, str]) -> Step:
    if "matrix" in entry:
        name = entry["matrix"]
        scores = {
            section.key: Column(section.key, "scores", section.title, tuple(Option(s, s) for s in section.scores))
            for section in sections
        }
        table = parse_table(texts[name], f"{name}.txt", scores, list(entry["results"]))
        return Matrix(table, entry["results"], dict.fromkeys(entry["results"], entry["text"]))
    if "score" in entry:
        return AnySectionScores(tuple(entry["sections"]), entry["score"], entry["result"], entry["text"])
    return Otherwise(entry["result"], entry["text"])
