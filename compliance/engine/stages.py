"""The words for where a case stands: whose turn it is, how that reads at a glance, and how long it may last."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from compliance.kernel.clock import Term

if TYPE_CHECKING:
    from compliance.engine.case import Case
    from compliance.engine.move import Move


class Party(enum.StrEnum):
    """Whose turn it is."""

    CLIENT = "client"
    APPROVERS = "approvers"
    COMPLIANCE_CONTACT = "compliance_contact"
    FREELANCER = "freelancer"
    REVIEWER = "reviewer"
    SENIOR_REVIEWER = "senior_reviewer"
    SYSTEM = "system"
    NOBODY = "nobody"

    @property
    def label(self) -> str:
        """The party as readers know it."""
        return _PARTY_LABELS[self]

    @property
    def is_staff(self) -> bool:
        """Tell whether the desk, rather than a customer, is waited for."""
        return self in {Party.REVIEWER, Party.SENIOR_REVIEWER}


_PARTY_LABELS: Final = {
    Party.CLIENT: "the client",
    Party.APPROVERS: "the client's approvers",
    Party.COMPLIANCE_CONTACT: "the client's compliance contact",
    Party.FREELANCER: "the freelancer",
    Party.REVIEWER: "the compliance reviewer",
    Party.SENIOR_REVIEWER: "the senior reviewer",
    Party.SYSTEM: "Countersign",
    Party.NOBODY: "nobody",
}


class Tone(enum.StrEnum):
    """How a state reads at a glance; always beside the word, never instead of it."""

    NEUTRAL = "neutral"
    PROGRESS = "progress"
    WAITING = "waiting"
    GOOD = "good"
    BAD = "bad"


Turn = Callable[["Move"], Party]
Sentence = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that a case itself says, where no term from the entry into a state does; ``words`` tell readers."""

    words: str
    of: Callable[[Any], Any]

    def __call__(self, case: Case) -> Any:  # noqa: ANN401 - an instant, a term, or nothing
        """Return the instant for *case*, a term from its entry into the state, or ``None`` for never."""
        return self.of(case)

    def __str__(self) -> str:
        """Return the moment in words."""
        return self.words


@dataclass(frozen=True, slots=True)
class Stage:
    """What a state means to its readers, and how long it may last.

    ``waits_for`` is a party, or a function that finds it where that depends on the case; it is asked when the case
    comes into the state and after each action that stays there. ``within`` is the service level: when it passes, the
    case is marked late and the escalation contacts are told. ``remind`` are terms after which whoever is waited for
    hears again. ``clock`` names what counts the terms here over all stays, so that asking somebody does not give them
    anew; it goes on after the stages that say with ``pauses`` that they only stop it. ``asks`` names the column that
    holds what is asked of whoever is waited for. ``sentence`` says where a case stands, or is a function of the case
    that does, with a docstring for those who read about the process; ``own_sentence`` is said to whoever must act.
    """

    label: str = ""
    sentence: str | Sentence = ""
    waits_for: Party | Turn = Party.NOBODY
    tone: Tone = Tone.NEUTRAL
    within: Term | None = None
    remind: tuple[Term, ...] = ()
    staff_sees: bool = True
    worker_sees: bool = True
    asks: str = ""
    own_sentence: str = ""
    clock: str = ""
    pauses: str = ""

    def turn(self, move: Move) -> Party:
        """Return whose turn it is when the case of *move* comes here."""
        return self.waits_for if isinstance(self.waits_for, Party) else self.waits_for(move)

    def says(self, case: Any, *, own: bool = False) -> str:  # noqa: ANN401 - the process's own model
        """Return where *case* stands, in the words for whoever must act where it is their *own* turn."""
        if own and self.own_sentence:
            return self.own_sentence
        return self.sentence if isinstance(self.sentence, str) else self.sentence(case)

    @property
    def meaning(self) -> str:
        """What the state means, whatever the case."""
        if isinstance(self.sentence, str):
            return self.sentence
        return (self.sentence.__doc__ or "").partition("\n")[0]

    @property
    def whose(self) -> str:
        """Say whose turn it is here: the party, or how it is found."""
        if isinstance(self.waits_for, Party):
            return self.waits_for.label
        return (self.waits_for.__doc__ or "").partition("\n")[0].removeprefix("Return ").rstrip(".")

    @property
    def may_wait_for_desk(self) -> bool:
        """Tell whether the desk is waited for here, always or for some cases."""
        return not isinstance(self.waits_for, Party) or self.waits_for.is_staff
