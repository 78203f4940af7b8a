"""The picture of a process says what the process says, the same each time, and marks the way of a case."""

from __future__ import annotations

import dataclasses
import itertools
import re
from xml.etree import ElementTree as ET

import pytest

from compliance.authz import Actor
from compliance.engine import picture, run
from compliance.engine.definition import Stage, Workflow
from compliance.engine.layout import Box, arrange
from compliance.engine.registry import discover
from compliance.kernel.db import session
from compliance.people.models import Organisation
from tests import make
from tests.engine.processes import permit
from workflows.offer.process import workflow as offer

SVG = "{http://www.w3.org/2000/svg}"
PROCESSES = tuple(discover(["workflows", "tests.engine.processes"]))


def parsed(workflow: Workflow, trail: picture.Trail | None = None) -> ET.Element:
    return ET.fromstring(str(picture.draw(workflow, trail or picture.Trail())))  # noqa: S314 - we drew it


def of_class(svg: ET.Element, name: str) -> list[ET.Element]:
    return [element for element in svg.iter() if element.get("class") == name]


def kind_of(workflow: Workflow) -> str:
    return workflow.kind


@pytest.mark.parametrize("workflow", PROCESSES, ids=kind_of)
def test_every_state_has_its_box_and_no_two_boxes_overlap(workflow: Workflow) -> None:
    boxes = [[float(box.get(side, "")) for side in ("x", "y", "width", "height")] for box in _boxes(workflow)]
    assert len(boxes) == len(workflow.states)
    for (x, y, width, height), (x2, y2, width2, height2) in itertools.combinations(boxes, 2):
        assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y


def _boxes(workflow: Workflow) -> list[ET.Element]:
    return of_class(parsed(workflow), "node")


@pytest.mark.parametrize("workflow", PROCESSES, ids=kind_of)
def test_every_way_from_state_to_state_is_a_line_or_said_in_the_box_of_its_target(workflow: Workflow) -> None:
    svg = parsed(workflow)
    titles = " | ".join(title.text or "" for title in svg.iter(f"{SVG}title"))
    noted = {note.text for note in of_class(svg, "action")}
    for action in workflow.actions:
        for source, target in itertools.product(action.sources, action.targets):
            if source.value == target:
                continue
            way = f"{workflow.stage(source).label} to {workflow.stage(target).label}:"
            said = len(set(action.sources) - {target}) > picture.MANY
            assert way in titles or (said and noted), (action.name, source, target)


@pytest.mark.parametrize("workflow", PROCESSES, ids=kind_of)
def test_the_picture_has_title_and_description_and_neither_ids_nor_styles_nor_links(workflow: Workflow) -> None:
    svg = parsed(workflow)
    assert svg.get("role") == "img"
    assert [child.tag for child in svg][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert not [element for element in svg.iter() if {"id", "style", "href"} & set(element.keys())]


def test_the_same_process_gives_the_same_picture_each_time() -> None:
    first = str(picture.draw(offer, picture.Trail()))
    arrange.cache_clear()
    assert str(picture.draw(offer, picture.Trail())) == first


def test_an_action_from_many_states_is_said_in_words_and_drawn_only_where_it_was_taken() -> None:
    svg = parsed(offer)
    assert "from 13 states" in {note.text for note in of_class(svg, "action")}
    assert not of_class(svg, "edge taken")
    went = picture.Trail("withdrawn", frozenset({"submitted"}), frozenset({("submitted", "withdrawn")}))
    svg = parsed(offer, went)
    assert len(of_class(svg, "edge taken")) == 1
    assert "from 12 states" in {note.text for note in of_class(svg, "action")}


def test_the_way_of_a_case_is_marked_from_its_record(acme: Organisation, manager: Actor, reviewer: Actor) -> None:
    case = make.submitted_permit(manager, acme)
    run.fire("permit", case.reference, "claim", reviewer)
    run.fire("permit", case.reference, "grant", reviewer, {"reason": "Fine"}, seen=case.content_digest)
    session().commit()
    svg = parsed(permit.workflow, picture.trail_of(case, permit.workflow))
    assert len(of_class(svg, "node current")) == 1
    assert len(of_class(svg, "node visited")) == 3
    taken = [element.get("d") for element in of_class(svg, "edge taken")]
    assert len(taken) == 3
    assert "Now: Active. It was before: Draft, Review, Granted." in (svg.findtext(f"{SVG}desc") or "")


def test_a_way_that_the_definition_no_longer_knows_is_shown_all_the_same() -> None:
    moved = picture.Trail("active", frozenset({"second_review"}), frozenset({("second_review", "active")}))
    svg = parsed(permit.workflow, moved)
    assert "Second review to Active: Moved" in {title.text for title in svg.iter(f"{SVG}title")}


def test_labels_are_text_and_not_markup() -> None:
    stages = {**permit.workflow.stages, permit.State.DRAFT: Stage("<b>Draft & more</b>")}
    drawn = str(picture.draw(dataclasses.replace(permit.workflow, stages=stages), picture.Trail()))
    assert "<b>" not in drawn
    assert "&lt;b&gt;Draft &amp; more" in drawn


def test_the_same_stands_beneath_in_words() -> None:
    words = picture.in_words(permit.workflow)
    assert {"source": "Draft", "action": "Submit", "target": "Second review or Review"} in words
    assert len(words) == len(permit.workflow.actions)


def test_lines_bend_around_the_boxes_between() -> None:
    boxes = tuple(Box(key, 80, 30) for key in "abc")
    layout = arrange(boxes, (("a", "b"), ("b", "c"), ("a", "c")))
    left, right = layout.boxes["b"][0] - 40, layout.boxes["b"][0] + 40
    passing = [x for x, y in layout.lines["a", "c"] if abs(y - layout.boxes["b"][1]) <= 15]
    assert passing
    assert not [x for x in passing if left <= x <= right]


def test_a_picture_of_one_state_is_one_box() -> None:
    layout = arrange((Box("only", 80, 30),), ())
    assert layout.lines == {}
    assert layout.width == 80 + 2 * 8


def test_numbers_are_short() -> None:
    assert not re.search(r"\d\.\d{2,}", str(picture.draw(offer, picture.Trail())))
