"""The words in which a process declares itself.

A process is a :class:`Workflow`: states, actions, who may, what must hold, by when. Everything the product shows of it
(machine, pages, REST, permission matrix, deadlines, diagram, tests) is derived from these values and from nothing else.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wtforms import Form

from compliance.authz import EVERYBODY, STAFF, Allow, any_of
from compliance.engine.documents import Documents
from compliance.engine.drafts import with_box
from compliance.engine.stages import Moment, Party, Stage, Tone
from compliance.kernel.clock import Term

if TYPE_CHECKING:
    from compliance.engine.blind import Looking
    from compliance.engine.case import Case
    from compliance.engine.determination import Deciding
    from compliance.engine.duties import Duties
    from compliance.engine.move import Move
    from compliance.engine.questionnaire import Questionnaire
    from compliance.engine.tasks import Task


class DefinitionError(ValueError):
    """A process contradicts itself; raised when it is declared, never while it runs."""


class Holder(enum.StrEnum):
    """What an action does to the claim on a case; ``GIVE_BACK`` is to whoever handed the case to a party."""

    KEEP = "keep"
    TAKE = "take"
    RELEASE = "release"
    GIVE_BACK = "give_back"


# An action determines anew, with fresh reasons, what the determination before it found.
AS_BEFORE: Final = "as_before"

Guard = Callable[["Move"], str | None]
Effect = Callable[["Move"], None]
Whom = Callable[["Move"], frozenset[uuid.UUID]]
Condition = Callable[["Move"], bool]
Prefill = Callable[["Move"], Mapping[str, str]]


class NoInput(Form):
    """The form of an action that asks for nothing."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Several possible targets: the first whose condition holds; the last one holds always."""

    ways: tuple[tuple[Condition | None, str], ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """Every state it may lead to."""
        return tuple(target for _, target in self.ways)


def choose(*ways: tuple[Condition, enum.StrEnum] | enum.StrEnum) -> Branch:
    """Return a branch of ``(condition, state)`` pairs and a final state for everything else."""
    steps = tuple((way[0], way[1].value) if isinstance(way, tuple) else (None, way.value) for way in ways)
    if not steps or steps[-1][0] is not None:
        message = "a branch must end with a state that needs no condition"
        raise DefinitionError(message)
    return Branch(steps)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done to a case.

    ``target`` is a state, a :class:`Branch`, or ``None`` when the case stays where it is. ``due`` makes a system
    action fire by itself that long after the case entered one of ``sources``; ``auto`` makes it fire as soon as its
    guards hold. ``binds`` marks a decision: it is refused when the case is no longer what its form showed.
    ``determines`` names the outcome that a decision finds, of which a determination is then kept; ``AS_BEFORE`` is that
    of the one which it supersedes. ``opines`` says that its form finds an outcome for what the case looks at.
    ``prefill`` drafts what the form holds before anybody types, and gives it a box by which drafts left as they are
    become the words of whoever sends them. What is not ``listed`` has its button elsewhere, beside what it acts on.
    ``for_desk`` keeps its reason inside the desk, and all of it where the case stays in its state; where it is not
    said, it follows from who may do the action and what it leads to. ``tells`` names further parties who hear of it,
    or is a function that finds out whom it concerns.
    """

    name: str
    label: str
    sources: tuple[enum.StrEnum, ...]
    target: enum.StrEnum | Branch | None
    allow: Allow
    form: type[Form] = NoInput
    guards: tuple[Guard, ...] = ()
    due: Term | Moment | None = None
    effect: Effect | None = None
    auto: bool = False
    binds: bool = False
    determines: str | None = None
    opines: bool = False
    prefill: Prefill | None = None
    holder: Holder = Holder.KEEP
    tells: tuple[Party | Whom, ...] = ()
    help: str = ""
    tone: Tone = Tone.NEUTRAL
    key: str = ""
    common: bool = False
    listed: bool = True
    for_desk: bool | None = None

    def __post_init__(self) -> None:
        """Refuse an action that nobody was allowed: forgetting is refusing."""
        if self.prefill is not None:
            object.__setattr__(self, "form", with_box(self.form))
        if not (self.allow.roles or self.allow.worker or self.allow.system or self.allow.anybody):
            message = f"action {self.name}: say who may do it"
            raise DefinitionError(message)
        if (self.due or self.auto) and not self.allow.system:
            message = f"action {self.name}: only a system action fires by itself"
            raise DefinitionError(message)

    @property
    def targets(self) -> tuple[str, ...]:
        """Every state that the action may lead to; empty when it stays."""
        if self.target is None:
            return ()
        return self.target.targets if isinstance(self.target, Branch) else (self.target.value,)

    @property
    def only_by_staff(self) -> bool:
        """Tell whether nobody but the desk may do it."""
        return self.allow.roles <= STAFF and not (self.allow.worker or self.allow.system or self.allow.anybody)

    @property
    def asks_for_input(self) -> bool:
        """Tell whether its form asks for anything."""
        return any(True for _ in self.form())

    @property
    def only_moves_claim(self) -> bool:
        """Tell whether it claims or releases and asks for nothing more, so that one key may do it."""
        return self.holder is not Holder.KEEP and not self.binds and not self.asks_for_input

    @property
    def by_itself(self) -> bool:
        """Tell whether Countersign fires the action, so that no button is shown for it."""
        return self.allow.system and not (self.allow.roles or self.allow.worker or self.allow.anybody)


Facts = Callable[["Move"], Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Workflow:
    """A process: everything particular to one kind of case.

    ``facts`` returns what the actor of an attempt reads of its case, as labels and values.
    ``found_by`` names the columns whose words find a case, beside its reference.
    ``submit`` names the action by which whoever opened a case hands it in, ``edit`` the one that changes its terms;
    ``pages`` divides the form that opens it into titles and the fields below each, ``tasks`` are what its opener has to
    see to beside what is common to all. ``of_programme`` says that its cases are the programme's own and belong to no
    client. ``begins_with`` returns what the form that opens a case holds before anybody types, from what the address
    of its page names. ``looking`` says that they look at determinations of other cases a second time, and are opened
    for them.
    """

    kind: str
    title: str
    model: type[Case]
    states: type[enum.StrEnum]
    start: enum.StrEnum
    actions: tuple[Action, ...]
    open_form: type[Form]
    may_open: Allow
    prefix: str = ""
    plural: str = ""
    version: int = 1
    stages: Mapping[Any, Stage] = field(default_factory=dict)
    terms: tuple[str, ...] = ()
    on_open: Effect | None = None
    open_guards: tuple[Guard, ...] = ()
    worked_by: Allow = field(default_factory=lambda: any_of(*STAFF))
    facts: Facts | None = None
    questionnaire: Questionnaire | None = None
    deciding: Deciding | None = None
    duties: Duties | None = None
    earlier: tuple[Workflow, ...] = ()
    summary: str = ""
    found_by: tuple[str, ...] = ("title",)
    documents: Documents | None = None
    submit: str = ""
    edit: str = ""
    pages: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tasks: Callable[[Move], Sequence[Task]] | None = None
    of_programme: bool = False
    begins_with: Callable[[Mapping[str, str]], Mapping[str, Any]] | None = None
    looking: Looking | None = None

    def __post_init__(self) -> None:
        """Fill in what follows from the rest, and refuse contradictions."""
        object.__setattr__(self, "plural", self.plural or self.kind.replace("_", "-") + "s")
        object.__setattr__(self, "prefix", self.prefix or self.kind[:2].upper())
        object.__setattr__(self, "stages", {s: self._stage(s) for s in self.states})
        self._check()

    @property
    def titles(self) -> str:
        """Its title for several, as headings and menus have it."""
        return self.plural.replace("-", " ").capitalize()

    def _stage(self, state: enum.StrEnum) -> Stage:
        given = self.stages.get(state, Stage())
        if given.label:
            return given
        label = state.value.replace("_", " ").capitalize()
        return Stage(**{**{f: getattr(given, f) for f in Stage.__slots__}, "label": label})

    def _check(self) -> None:
        names = [action.name for action in self.actions]
        if twice := {name for name in names if names.count(name) > 1}:
            message = f"{self.kind}: declared twice: {', '.join(sorted(twice))}"
            raise DefinitionError(message)
        known = {state.value for state in self.states}
        for action in self.actions:
            if strangers := ({s.value for s in action.sources} | set(action.targets)) - known:
                message = f"{self.kind}.{action.name}: unknown states {', '.join(sorted(strangers))}"
                raise DefinitionError(message)
            if action.determines and action.determines not in self._outcomes():
                message = f"{self.kind}.{action.name}: say in deciding what “{action.determines}” means"
                raise DefinitionError(message)
        if missing := {self.submit, self.edit} - {"", *names}:
            message = f"{self.kind}: no action is called {', '.join(sorted(missing))}"
            raise DefinitionError(message)
        asked = [field.short_name for field in self.open_form()]
        if self.pages and sorted(name for _, names in self.pages for name in names) != sorted(asked):
            message = f"{self.kind}: each field of the form belongs to one page"
            raise DefinitionError(message)
        if unreachable := known - self.reachable():
            message = f"{self.kind}: no action leads to {', '.join(sorted(unreachable))}"
            raise DefinitionError(message)

    def _outcomes(self) -> set[str]:
        return {AS_BEFORE, *self.deciding.outcomes} if self.deciding else set()

    def reachable(self) -> set[str]:
        """Return every state that a case can come to."""
        found = {self.start.value}
        while True:
            more = {
                target
                for action in self.actions
                if found & {s.value for s in action.sources}
                for target in action.targets
            } - found
            if not more:
                return found
            found |= more

    def stage(self, state: str) -> Stage:
        """Return what *state* means."""
        return self.stages[self.states(state)]

    def action(self, name: str) -> Action | None:
        """Return the action called *name*, or ``None``."""
        return next((action for action in self.actions if action.name == name), None)

    def is_for_desk(self, action: Action) -> bool:
        """Tell whether what is written with *action* is the desk's own.

        Unless the action says otherwise, that is what only the desk may do, where it neither binds the parties nor
        asks something of them nor merely says who is at work.
        """
        if action.for_desk is not None:
            return action.for_desk
        stays_with_desk = all(self.stage(state).may_wait_for_desk for state in action.targets)
        return action.only_by_staff and stays_with_desk and not (action.binds or action.only_moves_claim)

    def is_final(self, state: str) -> bool:
        """Tell whether nothing leads out of *state*."""
        return not any(state in action.sources and action.targets for action in self.actions)


__all__ = [
    "AS_BEFORE",
    "EVERYBODY",
    "Action",
    "Branch",
    "DefinitionError",
    "Documents",
    "Guard",
    "Holder",
    "Moment",
    "NoInput",
    "Party",
    "Stage",
    "Tone",
    "Workflow",
    "choose",
]
