"""The kinds of notification: what a person chooses to be mailed about, one by one."""

from __future__ import annotations

import enum
from typing import Final


class Kind(enum.StrEnum):
    """Why somebody hears of a case. When several reasons meet in one event, the first of this order is given."""

    ASSIGNED = "assigned"
    DECIDED = "decided"
    TURN = "turn"
    REMINDER = "reminder"
    LATE = "late"
    COMMENT = "comment"
    NEWS = "news"

    @property
    def label(self) -> str:
        """The kind as its reader knows it."""
        return _LABELS[self]

    @property
    def heading(self) -> str:
        """The kind in a word or two, over a list."""
        return _TITLES[self]

    @property
    def why(self) -> str:
        """Why the reader gets a mail of this kind, as the end of “You get this mail because …”."""
        return _WHY[self]


_LABELS: Final = {
    Kind.ASSIGNED: "A case is given to me",
    Kind.DECIDED: "A case is decided, or ends",
    Kind.TURN: "A case comes to wait for me",
    Kind.REMINDER: "A case still waits for me",
    Kind.LATE: "A case is late",
    Kind.COMMENT: "Somebody comments",
    Kind.NEWS: "Other news of a case",
}
_TITLES: Final = {
    Kind.ASSIGNED: "Given to me",
    Kind.DECIDED: "Decided",
    Kind.TURN: "My turn",
    Kind.REMINDER: "Reminders",
    Kind.LATE: "Late",
    Kind.COMMENT: "Comments",
    Kind.NEWS: "Other",
}
_WHY: Final = {
    Kind.ASSIGNED: "the case was given to you",
    Kind.DECIDED: "you are a party to the case",
    Kind.TURN: "it is your turn",
    Kind.REMINDER: "it is still your turn",
    Kind.LATE: "you look after cases that are late",
    Kind.COMMENT: "you take part in the case",
    Kind.NEWS: "you are a party to the case",
}
