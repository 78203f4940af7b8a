"""The picture of a process: its states and the ways between them, drawn on the server, with the same in words.

Where a case is looked at, its state, the states it was in and the ways it took are marked. An action that leads to one
state from many others would bury the rest under its lines: the box of its target says so in words instead, and a line
is drawn only where the case took it.
"""

from __future__ import annotations

import json
import textwrap
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa
from markupsafe import Markup

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, is_at_desk
from compliance.engine.case import Case
from compliance.engine.definition import Action, Workflow
from compliance.engine.layout import Box, Layout, Line, Point, arrange
from compliance.kernel.db import session

DESK_DECIDES: Final = "The desk decides"
DESK_ACTS: Final = "The desk acts"
MANY: Final = 5
LETTER: Final = 7.3
LINE_LETTERS: Final = 18
LINE_HEIGHT: Final = 17
PADDING: Final = 12

_PICTURE: Final = Markup(
    '<svg role="img" xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
    'viewBox="0 0 {width} {height}"><title>{title}</title><desc>{desc}</desc>{lines}{boxes}</svg>'
)
_WAY: Final = Markup('<g><title>{title}</title><path class="edge{taken}" d="{curve}"/>{tips}</g>')
_TIP: Final = Markup('<path class="tip{taken}" d="M{x} {y}l-4.5 {back}h9z"/>')
_BOX: Final = Markup(
    '<g><title>{title}</title><rect class="node{mark}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
    '<text class="label" text-anchor="middle">{lines}</text></g>'
)
_TEXT_LINE: Final = Markup('<tspan x="{x}" y="{y}">{text}</tspan>')
_NOTE: Final = Markup('<text class="action" text-anchor="middle" x="{x}" y="{y}">{text}</text>')


@dataclass(frozen=True)
class Trail:
    """The way of one case: where it is, where it was, and from where to where it went."""

    current: str = ""
    visited: frozenset[str] = frozenset()
    taken: frozenset[Line] = frozenset()


@dataclass
class _Graph:
    """What is to be drawn: the actions of each way from state to state, and how many states lead by words alone."""

    ways: dict[Line, list[str]] = field(default_factory=lambda: defaultdict(list))
    gathered: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def panel(case: Case, workflow: Workflow, reader: Actor) -> dict[str, Any]:
    """Return what the macro ``figure`` of ``parts/diagram.html`` shows *reader* of *case*."""
    return shown(workflow, trail_of(case, workflow), for_desk=is_at_desk(reader, case))


def shown(workflow: Workflow, trail: Trail | None = None, *, for_desk: bool = True) -> dict[str, Any]:
    """Return what the macro ``figure`` shows of *workflow*, with *trail* marked.

    Only the desk reads there what the desk's own actions are called; see :func:`called`.
    """
    trail = trail or Trail()
    return {
        "svg": draw(workflow, trail, for_desk=for_desk),
        "caption": f"The way of {_article(workflow.title)} {workflow.title.lower()}",
        "transitions": in_words(workflow, for_desk=for_desk),
        "current": workflow.stage(trail.current).label if trail.current else None,
    }


def trail_of(case: Case, workflow: Workflow) -> Trail:
    """Read from the record where *case* was; states that its definition does not know are left out."""
    known = set(workflow.states)
    entries = session().scalars(sa.select(AuditEvent.entry).where(AuditEvent.stream == case.stream))
    steps = {(found.get("from"), found.get("to")) for found in map(json.loads, entries)}
    taken = frozenset((a, b) for a, b in steps if a != b and {a, b} <= known)
    visited = frozenset(state for step in steps for state in step if state in known) - {case.state}
    return Trail(case.state, visited, taken)


def called(action: Action, *, for_desk: bool) -> str:
    """Return what readers call *action*: to the parties, whatever only the desk does is that the desk decides."""
    if for_desk or not action.only_by_staff:
        return action.label
    return DESK_DECIDES if action.binds else DESK_ACTS


def in_words(workflow: Workflow, *, for_desk: bool = True) -> list[dict[str, str]]:
    """Return each action that leads from state to state, with the labels of both ends; what reads alike once."""
    label = {state.value: workflow.stage(state.value).label for state in workflow.states}
    rows = [
        {
            "source": ", ".join(label[source.value] for source in action.sources),
            "action": called(action, for_desk=for_desk),
            "target": " or ".join(dict.fromkeys(label[target] for target in action.targets)),
        }
        for action in workflow.actions
        if action.targets
    ]
    return [row for number, row in enumerate(rows) if row not in rows[:number]]


def draw(workflow: Workflow, trail: Trail, *, for_desk: bool = True) -> Markup:
    """Return the picture as SVG with the classes node, edge, tip, label and action, and no style or id of its own."""
    graph = _graph(workflow, trail, for_desk=for_desk)
    pairs: dict[Line, Line] = {}
    for way in graph.ways:
        pairs.setdefault(way if way[::-1] not in pairs else way[::-1], way)
    # Processes declare their states in the order of their life; where it ends belongs at the bottom.
    states = sorted((state.value for state in workflow.states), key=workflow.is_final)
    boxes = tuple(_box(workflow, state, graph) for state in states)
    layout = arrange(boxes, tuple(pairs))
    return _PICTURE.format(
        width=_number(layout.width),
        height=_number(layout.height),
        title=f"{workflow.title}: states and the ways between them",
        desc=_description(workflow, trail),
        lines=Markup().join(_way(workflow, pair, graph, layout, trail) for pair in pairs),
        boxes=Markup().join(_drawn_box(workflow, box, graph, layout, trail) for box in boxes),
    )


def _graph(workflow: Workflow, trail: Trail, *, for_desk: bool) -> _Graph:
    graph = _Graph()
    for action in workflow.actions:
        for target in dict.fromkeys(action.targets):
            sources = [source.value for source in action.sources if source.value != target]
            for source in sources:
                if len(sources) <= MANY or (source, target) in trail.taken:
                    graph.ways[source, target].append(called(action, for_desk=for_desk))
                else:
                    graph.gathered[target].add(source)
    for line in sorted(trail.taken - graph.ways.keys()):
        graph.ways[line].append("Moved")
    return graph


def _box(workflow: Workflow, state: str, graph: _Graph) -> Box:
    lines = [*_wrapped(workflow, state), *_note(state, graph)]
    width = max(len(line) for line in lines) * LETTER + 2 * PADDING
    return Box(state, width, len(lines) * LINE_HEIGHT + PADDING)


def _wrapped(workflow: Workflow, state: str) -> list[str]:
    return textwrap.wrap(workflow.stage(state).label, LINE_LETTERS, break_long_words=False)


def _note(state: str, graph: _Graph) -> list[str]:
    count = len(graph.gathered[state]) if state in graph.gathered else 0
    return [f"from {count} states"] if count else []


def _way(workflow: Workflow, pair: Line, graph: _Graph, layout: Layout, trail: Trail) -> Markup:
    points = layout.lines[pair]
    both = [way for way in (pair, pair[::-1]) if way in graph.ways]
    label = {state: workflow.stage(state).label for state in pair}
    return _WAY.format(
        title="; ".join(f"{label[a]} to {label[b]}: {', '.join(dict.fromkeys(graph.ways[a, b]))}" for a, b in both),
        taken=" taken" if trail.taken & set(both) else "",
        curve=_curve(points),
        tips=Markup().join(_tip(points if way == pair else points[::-1], way in trail.taken) for way in both),
    )


def _curve(points: tuple[Point, ...]) -> str:
    parts = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = _number((y + to_y) / 2)
        if x == to_x:
            parts.append(f"V{_number(to_y)}")
        else:
            parts.append(f"C{_number(x)} {middle} {_number(to_x)} {middle} {_number(to_x)} {_number(to_y)}")
    return "".join(parts)


def _tip(points: tuple[Point, ...], taken: bool) -> Markup:  # noqa: FBT001 - the second of two plain facts
    (_, before), (x, y) = points[-2:]
    return _TIP.format(taken=" taken" if taken else "", x=_number(x), y=_number(y), back=-8 if before < y else 8)


def _drawn_box(workflow: Workflow, box: Box, graph: _Graph, layout: Layout, trail: Trail) -> Markup:
    x, y = layout.boxes[box.key]
    top, stage = y - box.height / 2, workflow.stage(box.key)
    first, labels = top + PADDING / 2 + LINE_HEIGHT * 0.75, _wrapped(workflow, box.key)
    mark = " current" if box.key == trail.current else " visited" if box.key in trail.visited else ""
    lines = [
        _TEXT_LINE.format(x=_number(x), y=_number(first + number * LINE_HEIGHT), text=text)
        for number, text in enumerate(labels)
    ]
    notes = [
        _NOTE.format(x=_number(x), y=_number(first + number * LINE_HEIGHT), text=text)
        for number, text in enumerate(_note(box.key, graph), start=len(labels))
    ]
    drawn = _BOX.format(
        title=f"{stage.label}: {stage.meaning}" if stage.meaning else stage.label,
        mark=mark,
        x=_number(x - box.width / 2),
        y=_number(top),
        width=_number(box.width),
        height=_number(box.height),
        lines=Markup().join(lines),
    )
    return drawn + Markup().join(notes)


def _description(workflow: Workflow, trail: Trail) -> str:
    labels = [workflow.stage(state.value).label for state in workflow.states]
    found = f"{len(labels)} states: {', '.join(labels)}."
    if trail.current:
        been = [workflow.stage(s.value).label for s in workflow.states if s.value in trail.visited]
        found += f" Now: {workflow.stage(trail.current).label}."
        found += f" It was before: {', '.join(been)}." if been else ""
    return f"{found} The table beneath says the same in words."


def _article(word: str) -> str:
    return "an" if word[0].lower() in "aeiou" else "a"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
