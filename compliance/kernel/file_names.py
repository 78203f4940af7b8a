"""Names under which files are given out again: what somebody typed, without what could fool a person or a program."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 120
NAMELESS: Final = "document"
# Control and format characters (right-to-left overrides among them), lone surrogates, unassigned, private use.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_NOT_IN_A_NAME: Final = re.compile(r'[<>:"|?*]')
_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")


def clean(given: str) -> str:
    """Return *given* as a name of one part: no folders, nothing unseen, no device, at most 120 characters."""
    last = re.split(r"[/\\]", given)[-1]
    seen = "".join(
        letter for letter in unicodedata.normalize("NFC", last) if unicodedata.category(letter) not in _UNSEEN
    )
    plain = re.sub(r"\s+", " ", _NOT_IN_A_NAME.sub("_", seen)).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if dot and stem.strip(" ."):
        plain = stem[: LONGEST - len(ending) - 1].rstrip(" .") + dot + ending if len(ending) < LONGEST else stem
    plain = plain[:LONGEST].strip(" .") or NAMELESS
    return f"_{plain}"[:LONGEST] if _DEVICES.match(plain) else plain


def ending_of(name: str) -> str:
    """Return the ending of *name* in small letters, without its dot; empty when it has none."""
    return name.rpartition(".")[2].lower() if "." in name else ""
