"""The machine of the contract offer."""

from __future__ import annotations

from compliance.engine.definition import Workflow
from workflows.offer import asking, deciding, disagreeing, duties, effects, guards, making, reviewing, running, starting
from workflows.offer.documents import DOCUMENTS
from workflows.offer.facts import facts
from workflows.offer.model import Offer, State
from workflows.offer.stages import STAGES
from workflows.offer.tasks import tasks
from workflows.offer.terms import PAGES, Terms

workflow = Workflow(
    kind="offer",
    title="Offer",
    summary="From a client's draft to work that may begin and its end, with a classification decided by people.",
    prefix="OF",
    model=Offer,
    states=State,
    start=State.DRAFT,
    open_form=Terms,
    may_open=making.CLIENT,
    on_open=effects.renew,
    open_guards=(guards.not_to_oneself,),
    terms=(*(field.short_name for field in Terms() if field.short_name != "amount"), "amount_minor"),
    stages=STAGES,
    worked_by=reviewing.REVIEWER,
    facts=facts,
    questionnaire=asking.questionnaire,
    deciding=deciding.deciding,
    duties=duties.duties,
    found_by=("title", "freelancer"),
    documents=DOCUMENTS,
    submit="submit",
    edit="edit",
    pages=PAGES,
    tasks=tasks,
    actions=(
        *making.ACTIONS,
        *reviewing.ACTIONS,
        *disagreeing.ACTIONS,
        *starting.ACTIONS,
        *running.ACTIONS,
    ),
)
