"""Answering the pages of a questionnaire in tests."""

from compliance.rules import interview
from compliance.rules.model import Answer
from compliance.rules.rule_set import RuleSet


def through(cest: RuleSet, **chosen: Answer) -> dict[str, Answer]:
    """Answer every page: as chosen, otherwise with the first option that does not end the questionnaire."""
    answers: dict[str, Answer] = {}
    while (question := interview.next_question(cest, answers)) is not None:
        usual = False if question.key == "officeHolder" else question.options[0].value
        answers[question.key] = chosen.get(question.key, usual)
    return answers
