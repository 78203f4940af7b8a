"""The change of a rule set: written by one person, tested, and published by another from a day on."""

from __future__ import annotations

import enum
import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from wtforms import DateField, Form, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from compliance.authz import Role, any_of
from compliance.engine import rule_changing
from compliance.engine.case import Case
from compliance.engine.definition import Action, Holder, Party, Stage, Tone, Workflow
from compliance.engine.guards import holds_it, not_after
from compliance.engine.move import Move
from compliance.engine.rule_changing import SOUND, ChangesRules, RuleSetField, RulesField, VersionField
from compliance.kernel.clock import business_days


class State(enum.StrEnum):
    """Where a change stands."""

    DRAFT = "draft"
    TESTED = "tested"
    SECOND_PERSON = "second_person"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class RuleChange(ChangesRules, Case):
    """A change of a rule set."""

    __tablename__ = "rule_change"
    __mapper_args__ = {"polymorphic_identity": "rule_change"}  # noqa: RUF012 - SQLAlchemy reads it from the class

    id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)


RULE_SET: Final = RuleSetField(
    "Rule set", description="Its key, such as us-ca-abc. The page of a rule set fills in the whole form for you."
)


class Rules(Form):
    """What the rules are to say, from when on, and why."""

    new_version = VersionField("New version", description="Later than every version there is, such as 2026.2.")
    effective_from = DateField(
        "First day in force",
        [InputRequired("Enter the first day.")],
        description="Today or later. What is decided before that day stands under the rules of its own day.",
    )
    why = TextAreaField(
        "Why the rules change",
        [DataRequired("Say why: name the statute, the judgment or the mistake."), Length(max=8000)],
        description="The statute, the judgment or the mistake. Whoever publishes it reads this first.",
    )
    text = RulesField(
        "The rules",
        description="All files of the rule set, each below a line with its name. Version and first day are taken from "
        "the fields above. The questions that rule sets share change with a release only.",
    )


class Opened(Rules):
    """The rule set that is to change, what it is to say, from when on, and why."""

    rule_set = RULE_SET  # Made before the other fields, so that the form begins with it.


class Reason(Form):
    """Why it is done."""

    reason = TextAreaField("Reason", [DataRequired("Give your reason."), Length(max=8000)])


AUTHOR: Final = any_of(Role.REVIEWER, Role.SENIOR_REVIEWER)
SENIOR: Final = any_of(Role.SENIOR_REVIEWER)
UNDER_WAY: Final = (State.DRAFT, State.TESTED, State.SECOND_PERSON)
second_person = not_after(
    "open", "edit", sentence="You wrote this change; somebody else reads it and decides whether it is published."
)


def name_it(move: Move) -> None:
    """Call the change after the rule set and its new version."""
    title = rule_changing.title_of(move.session, move.case.rule_set)
    move.case.title = f"{title}, version {move.case.new_version}"


def facts(move: Move) -> list[tuple[str, str]]:
    """Return what the reader of a change sees of it."""
    case: RuleChange = move.case
    found = [
        ("Why", case.why),
        ("Rule set", case.rule_set),
        ("New version", case.new_version),
        ("First day in force", f"{case.effective_from:%d %B %Y}"),
    ]
    if case.state == State.DRAFT:
        wrong = next((sentence for guard in SOUND if (sentence := guard(move))), None)
        found.append(("Checked", wrong or "Read without a fault. It can be tested."))
    return found


workflow = Workflow(
    kind="rule_change",
    title="Rule change",
    summary="From a proposed change of the rules, tested on what was decided, to a version that another publishes.",
    prefix="RC",
    model=RuleChange,
    states=State,
    start=State.DRAFT,
    open_form=Opened,
    may_open=AUTHOR,
    of_programme=True,
    begins_with=rule_changing.prefilled,
    on_open=name_it,
    open_guards=(rule_changing.is_known,),
    terms=("rule_set", "new_version", "effective_from", "why", "text"),
    worked_by=SENIOR,
    facts=facts,
    edit="edit",
    stages={
        State.DRAFT: Stage("Draft", "Its author is still writing it. Nothing changes by it."),
        State.TESTED: Stage(
            "Tested",
            "It was held against the decided cases; the past determinations are replayed in the background.",
            tone=Tone.PROGRESS,
        ),
        State.SECOND_PERSON: Stage(
            "Waits for a second person",
            "Its test is done. Somebody who did not write it decides whether it is published.",
            Party.SENIOR_REVIEWER,
            Tone.WAITING,
            business_days(5),
        ),
        State.PUBLISHED: Stage(
            "Published", "It decides from its first day on. What was decided before stands.", tone=Tone.GOOD
        ),
        State.WITHDRAWN: Stage("Withdrawn", "It was taken back. No rules were changed."),
    },
    actions=(
        Action(
            "edit",
            "Change the text",
            UNDER_WAY,
            State.DRAFT,
            AUTHOR,
            Rules,
            effect=name_it,
            holder=Holder.RELEASE,
            help="A changed text is a draft again and is tested anew. Whoever changes it cannot publish it.",
            key="t",
        ),
        Action(
            "test",
            "Check and test",
            (State.DRAFT, State.TESTED),
            State.TESTED,
            AUTHOR,
            guards=SOUND,
            effect=rule_changing.test,
            tone=Tone.GOOD,
            key="s",
        ),
        Action(
            "put_forward",
            "Put forward to a second person",
            (State.TESTED,),
            State.SECOND_PERSON,
            AUTHOR,
            guards=(*SOUND, rule_changing.is_tested),
            effect=rule_changing.keep_result,
            tone=Tone.GOOD,
            key="u",
        ),
        Action(
            "publish",
            "Publish",
            (State.SECOND_PERSON,),
            State.PUBLISHED,
            SENIOR,
            Reason,
            guards=(second_person, holds_it, *SOUND, rule_changing.was_tested),
            effect=rule_changing.publish,
            binds=True,
            tone=Tone.GOOD,
            key="p",
        ),
        Action(
            "send_back",
            "Send back",
            (State.SECOND_PERSON,),
            State.DRAFT,
            SENIOR,
            Reason,
            guards=(second_person, holds_it),
            binds=True,
            tone=Tone.BAD,
            key="b",
        ),
        Action(
            "withdraw",
            "Withdraw",
            UNDER_WAY,
            State.WITHDRAWN,
            AUTHOR,
            Reason,
            tone=Tone.BAD,
            key="w",
        ),
    ),
)
