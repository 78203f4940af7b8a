"""Signing with one's own name: the field, and the guard that takes nobody else's."""

from __future__ import annotations

from typing import Final

from wtforms import StringField

from compliance.engine.move import Move

SIGNATURE: Final = "signature"


class SignatureField(StringField):
    """The name of whoever signs, typed by themselves."""


def signs_by_name(move: Move) -> str | None:
    """Take as a signature only the name of whoever signs, however it is spaced and capitalised."""
    typed = move.fact(SIGNATURE)
    if typed is None or _plain(typed) == _plain(move.actor.name):
        return None
    return f"Sign with your own name as it stands in your account: {move.actor.name}."


def sign(move: Move) -> None:
    """Keep in the record what was agreed to, and the name typed as signature."""
    agreed = [name for name, value in (move.facts or {}).items() if value is True]
    move.changes["signed"] = [None, agreed]
    move.keep_sealed(SIGNATURE, move.fact(SIGNATURE))


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
