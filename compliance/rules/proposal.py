"""A proposed version of a rule set: one text of all its files, fitted together with what they stand on, and checked.

The text is what people edit: each file below a line with its name. Version and first day are said beside the text, and
written into it here, so that they are said once. What other rule sets share, the questions above all, stays as it is.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from compliance.rules import store
from compliance.rules.errors import Place, RuleSetError, UnknownRuleSetError, show
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import AnySet
from compliance.rules.loading import FILE

TEXT: Final = "text"
HOW_TO_BEGIN: Final = f"begin each file with a line of its own that names it, such as “=== {FILE} ===”."
# No other names are read: what is typed here becomes files for a moment.
_HEADING: Final = re.compile(r"===\s*(\S+)\s*===\s*")
_NAME: Final = re.compile(r"(?:tables/)?[A-Za-z0-9_-]{1,60}\.(?:toml|txt)")
_VERSION: Final = re.compile(r"^version[ \t]*=.*$", re.MULTILINE)
_FIRST_DAY: Final = re.compile(r"^effective_from[ \t]*=.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a version of a rule set is proposed to say, from when on."""

    key: str
    version: str
    effective_from: dt.date
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A proposal that was read without a fault: the rules, and all their files as they are published."""

    rules: AnySet
    content: str


def as_text(files: Mapping[str, str]) -> str:
    """Write files as the one text that is edited, the head of the rule set first."""
    names = sorted(files, key=lambda name: (name != FILE, name))
    return "\n".join(f"=== {name} ===\n{files[name].strip(chr(10))}\n" for name in names)


def own_files(content: Mapping[str, str], rules: AnySet) -> dict[str, str]:
    """Return the files of *rules* alone, by their names, out of all that its *content* holds."""
    if FILE in content:
        return dict(content)
    folder = _folder(rules.key, rules.version)
    return {path.removeprefix(folder): text for path, text in content.items() if path.startswith(folder)}


def checked(proposal: Proposal, newest: AnySet, content: Mapping[str, str]) -> Checked:
    """Read *proposal* in place of the *newest* version, whose files are *content*. Raises ``RuleSetError``."""
    files = _read(proposal.text)
    if FILE not in files:
        raise RuleSetError(Place(FILE), f"the text holds no such file; {HOW_TO_BEGIN}")
    files[FILE] = _fitted(files[FILE], proposal)
    whole = files if FILE in content else _beside(proposal, newest, content, files)
    kept = json.dumps(whole, ensure_ascii=False, sort_keys=True)
    try:
        found = store.read(proposal.key, proposal.version, kept)
    except UnknownRuleSetError as unknown:
        raise RuleSetError(Place(FILE), str(unknown)) from unknown
    if found.key != proposal.key:
        raise RuleSetError(Place(FILE), f"the key is {show(found.key)}, but {show(proposal.key)} is to be changed.")
    if type(found) is not type(newest):
        raise RuleSetError(Place(FILE), "the kind of a rule set never changes; give the other kind a key of its own.")
    _refuse_mere_proposals(newest, found)
    return Checked(found, kept)


def _refuse_mere_proposals(newest: AnySet, found: AnySet) -> None:
    """Refuse a variant as law that rests on nothing but the proposal it was."""
    if not isinstance(newest, LegalTest) or not isinstance(found, LegalTest):
        return
    proposed = {one.key: one for one in newest.variants if not one.in_use}
    for one in found.variants:
        if one.in_use and one.key in proposed and one.basis == proposed[one.key].basis:
            raise RuleSetError(
                Place(FILE, None, f"variant {show(one.key)}"),
                f"it was only proposed and is no law by “{one.basis}”. Name in “basis” what made it law, or leave it "
                "proposed.",
            )


def _beside(proposal: Proposal, newest: AnySet, content: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str]:
    """Put the proposed files into their folder, beside what the newest version stands on."""
    old, new = _folder(newest.key, newest.version), _folder(proposal.key, proposal.version)
    others = {path: text for path, text in content.items() if not path.startswith(old)}
    return others | {f"{new}{name}": text for name, text in files.items()}


def _folder(key: str, version: str) -> str:
    return f"{key}/{version}/"


def _read(text: str) -> dict[str, str]:
    """Return the files of a text by their names. Raises ``RuleSetError``."""
    files: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if heading := _HEADING.fullmatch(line):
            lines = files.setdefault(_name(heading[1], files, Place(TEXT, number)), [])
        elif lines is not None:
            lines.append(line)
        elif line.strip():
            raise RuleSetError(Place(TEXT, number), f"this belongs to no file; {HOW_TO_BEGIN}")
    return {name: "\n".join(one) for name, one in files.items()}


def _name(name: str, files: Mapping[str, object], place: Place) -> str:
    if not _NAME.fullmatch(name):
        raise RuleSetError(place, f"{show(name)} is no name of a file of rules; those end with .toml or .txt.")
    if name in files:
        raise RuleSetError(place, f"the file {show(name)} stands here a second time.")
    return name


def _fitted(head: str, proposal: Proposal) -> str:
    """Write version and first day into the head of a rule set, on the lines where they stand."""
    fitted = _VERSION.sub(f'version = "{proposal.version}"', head, count=1)
    first_day = f"effective_from = {proposal.effective_from.isoformat()}"
    if _FIRST_DAY.search(fitted):
        return _FIRST_DAY.sub(first_day, fitted, count=1)
    return _VERSION.sub(lambda line: f"{line[0]}\n{first_day}", fitted, count=1)
