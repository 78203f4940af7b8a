"""Who may do what in which state of a process, and who sees it there: read off the definition, so it cannot drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from compliance.authz import CLIENT, SEES_ALL, Allow, Role
from compliance.engine.definition import Stage, Workflow

WORKER: Final = "worker"
SYSTEM: Final = "system"
EVERYBODY: Final = "everybody who sees it"
OPEN: Final = "open"
SEE: Final = "see"
# The state of what does not exist yet.
NOT_YET: Final = "-"


@dataclass(frozen=True, slots=True)
class Right:
    """That somebody (a role, or one of the words above) may do an action to a case in a state."""

    state: str
    action: str
    who: str


def rights(workflow: Workflow) -> Iterator[Right]:
    """Yield every right that *workflow* gives: opening first, then state by state in the order of declaration.

    Nobody can do anything to what they do not see, whatever an action that is the same in all states allows.
    """
    for who in holders(workflow.may_open):
        yield Right(NOT_YET, OPEN, who)
    for state in workflow.states:
        seeing = viewers(workflow.stage(state.value))
        for who in seeing:
            yield Right(state.value, SEE, who)
        for action in workflow.actions:
            if state in action.sources:
                for who in holders(action.allow):
                    if who in {*seeing, SYSTEM, EVERYBODY}:
                        yield Right(state.value, action.name, who)


def holders(allow: Allow) -> list[str]:
    """Return whom *allow* names: roles by name, then those that are no roles."""
    beside = ((WORKER, allow.worker), (SYSTEM, allow.system), (EVERYBODY, allow.anybody))
    return [*sorted(role.value for role in allow.roles), *(word for word, named in beside if named)]


def viewers(stage: Stage) -> list[str]:
    """Return who may see a case in *stage*: the client's people always, the desk and the freelancer where it says so.

    Conflicts of interest, other organisations and other teams narrow this further for each reader.
    """
    roles: frozenset[Role] = CLIENT | SEES_ALL if stage.staff_sees else CLIENT
    return [*sorted(role.value for role in roles), *([WORKER] if stage.worker_sees else [])]
