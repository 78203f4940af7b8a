"""A process in words, from its definition: what each state means, what can be done, by whom, when, and by what time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wtforms import Form

from compliance.authz import STAFF, Role
from compliance.engine import matrix
from compliance.engine.definition import Action, Guard, Moment, Stage, Workflow
from compliance.kernel.clock import BusinessDays, Term

WHO: Final = {
    matrix.WORKER: "Freelancer on the case",
    matrix.SYSTEM: "Countersign itself",
    matrix.EVERYBODY: "Everybody who sees the case",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of a form: its label, whether it must be filled in, and what stands beneath it."""

    label: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class StateInWords:
    """What the page of a process says of a state."""

    stage: Stage
    within: str
    reminders: tuple[str, ...]
    hidden_from: str


@dataclass(frozen=True, slots=True)
class ActionInWords:
    """What the page of a process says of an action; ``by_itself`` tells when it happens without anybody."""

    action: Action
    who: tuple[str, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    conditions: tuple[str, ...]
    by_itself: str
    fields: tuple[Asked, ...]


def states(workflow: Workflow) -> list[StateInWords]:
    """Return every state of *workflow* in words."""
    return [
        StateInWords(
            stage,
            term(stage.within) if stage.within else "",
            tuple(f"after {term(reminder)}" for reminder in stage.remind),
            _hidden_from(stage),
        )
        for stage in workflow.stages.values()
    ]


def actions(workflow: Workflow, *, common: bool, for_desk: bool = True) -> list[ActionInWords]:
    """Return every action of *workflow* in words: its own, or those that every process has.

    What only the desk does is left out unless it is *for_desk*.
    """
    return [
        _action(workflow, action)
        for action in workflow.actions
        if action.common is common and (for_desk or not action.only_by_staff)
    ]


def permissions(workflow: Workflow, *, for_desk: bool = True) -> list[tuple[str, list[str]]]:
    """Return who may do something in *workflow*, with the labels of it; the desk as well where *for_desk*."""
    may: dict[str, list[str]] = {who: ["Open"] for who in matrix.holders(workflow.may_open)}
    for action in workflow.actions:
        for who in matrix.holders(action.allow):
            may.setdefault(who, []).append(action.label)
    shown = [who for who in may if for_desk or who not in STAFF]
    return [(name(who), list(dict.fromkeys(may[who]))) for who in sorted(shown, key=lambda who: (who in WHO, who))]


def fields(form_class: type[Form]) -> tuple[Asked, ...]:
    """Return what *form_class* asks."""
    return tuple(Asked(f.label.text, bool(f.flags.required), str(f.description)) for f in form_class())


def name(who: str) -> str:
    """Return a holder of a right as readers know it."""
    return WHO.get(who) or Role(who).label


def guard(found: Guard) -> str:
    """Return what *found* asks for: the first line of its docstring, or nothing where it has none."""
    return (found.__doc__ or "").strip().partition("\n")[0]


def term(found: Term | Moment) -> str:
    """Return a term or moment in words, with the calendar that it is counted on."""
    return f"{found}, counted on the client's calendar" if isinstance(found, BusinessDays) else str(found)


def _action(workflow: Workflow, action: Action) -> ActionInWords:
    conditions = [guard(found) for found in action.guards]
    if action.binds:
        conditions.append("Refuse when the case is no longer what the form showed.")
    return ActionInWords(
        action,
        tuple(name(who) for who in matrix.holders(action.allow)),
        tuple(workflow.stage(source.value).label for source in action.sources),
        tuple(dict.fromkeys(workflow.stage(target).label for target in action.targets)),
        tuple(dict.fromkeys(filter(None, conditions))),
        _by_itself(workflow, action),
        fields(action.form),
    )


def _by_itself(workflow: Workflow, action: Action) -> str:
    if action.auto:
        return "As soon as nothing refuses it."
    if action.due is None:
        return ""
    words = term(action.due)
    sentence = words if isinstance(action.due, Moment) else f"{words}, {_counted(workflow, action)}"
    return f"{sentence[0].upper()}{sentence[1:]}."


def _counted(workflow: Workflow, action: Action) -> str:
    """Say since when a term counts: since the entry into the state, or over all stays where a clock is kept."""
    if any(workflow.stage(source.value).clock for source in action.sources):
        return "over all the time in the state; the clock pauses while somebody is asked"
    return "after the case came into the state"


def _hidden_from(stage: Stage) -> str:
    hidden = ["the desk"] * (not stage.staff_sees) + ["the freelancer"] * (not stage.worker_sees)
    return " and ".join(hidden)
