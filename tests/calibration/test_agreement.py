"""Cohen's kappa against worked examples and against a plain reference that knows nothing of its formulas."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.kernel.agreement import FEW, QUANTILE, Agreement, Pairs, agreement

CATEGORIES = ("employee", "independent_contractor", "not_engaged")
counts = st.integers(0, 40)
tables = st.fixed_dictionaries({(one, other): counts for one in CATEGORIES for other in CATEGORIES})


def plain_kappa(shares: list[list[float]]) -> float:
    """Return kappa by its definition, from shares that need not add up to one."""
    total = sum(map(sum, shares))
    size = range(len(shares))
    observed = sum(shares[i][i] for i in size) / total
    rows = [sum(shares[i]) / total for i in size]
    columns = [sum(shares[i][j] for i in size) / total for j in size]
    expected = sum(rows[i] * columns[i] for i in size)
    return (observed - expected) / (1 - expected)


def plain_error(pairs: Pairs) -> float:
    """Return the standard error by the delta method, with slopes found by trying."""
    table = [[float(pairs.get((one, other), 0)) for other in CATEGORIES] for one in CATEGORIES]
    total, step = sum(map(sum, table)), 1e-6
    shares = [[count / total for count in row] for row in table]
    slopes = []
    for i, row in enumerate(shares):
        for j, _ in enumerate(row):
            up, down = ([list(line) for line in shares] for _ in range(2))
            up[i][j] += step
            down[i][j] -= step
            slopes.append((plain_kappa(up) - plain_kappa(down)) / (2 * step))
    flat = [share for row in shares for share in row]
    mean = sum(share * slope for share, slope in zip(flat, slopes, strict=True))
    return math.sqrt(sum(s * d * d for s, d in zip(flat, slopes, strict=True)) / total - mean * mean / total)


def test_the_worked_example_of_two_readers_of_grant_applications() -> None:
    found = agreement({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15})
    assert (found.pairs, found.agreeing, found.note) == (50, 35, "")
    assert found.observed == pytest.approx(0.7)
    assert found.expected == pytest.approx(0.5)
    assert found.kappa == pytest.approx(0.4)


def test_the_worked_example_of_two_clinicians_and_three_diagnoses() -> None:
    table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    found = agreement({(CATEGORIES[i], CATEGORIES[j]): n for i, row in enumerate(table) for j, n in enumerate(row)})
    assert found.kappa == pytest.approx(0.676, abs=5e-4)
    assert found.error == pytest.approx(0.088, abs=5e-4)


@given(tables)
def test_kappa_its_error_and_its_interval_are_those_of_the_plain_reference(pairs: Pairs) -> None:
    found = agreement(pairs)
    if found.kappa is None:
        assert found.pairs == 0 or len({c for pair, n in pairs.items() if n for c in pair}) == 1
        return
    table = [[float(pairs[one, other]) for other in CATEGORIES] for one in CATEGORIES]
    assert found.kappa == pytest.approx(plain_kappa(table), abs=1e-9)
    if found.error is None:
        sides = [{pair[side] for pair, count in pairs.items() if count} for side in (0, 1)]
        assert found.agreeing == found.pairs or any(len(side) == 1 for side in sides)
        return
    assert found.error == pytest.approx(plain_error(pairs), abs=1e-4)
    assert found.low == pytest.approx(max(-1, found.kappa - QUANTILE * found.error))
    assert found.high == pytest.approx(min(1, found.kappa + QUANTILE * found.error))
    assert (found.pairs < FEW) == ("rough guide" in found.note)


@given(tables)
def test_it_does_not_matter_who_is_called_the_first(pairs: Pairs) -> None:
    turned = agreement({(other, one): count for (one, other), count in pairs.items()})
    found = agreement(pairs)
    for name in ("pairs", "agreeing", "observed", "expected", "kappa", "error"):
        assert getattr(found, name) == pytest.approx(getattr(turned, name)), name


def test_nothing_to_compare_is_said_and_not_computed() -> None:
    assert agreement({}) == Agreement(0, 0, note="Nothing to compare.")
    assert agreement({("yes", "no"): 0}).kappa is None


def test_one_outcome_only_leaves_kappa_undefined() -> None:
    found = agreement({("yes", "yes"): 12, ("no", "no"): 0})
    assert (found.observed, found.kappa, found.low) == (1, None, None)
    assert "Only one outcome" in found.note


def test_agreement_without_exception_has_no_interval() -> None:
    found = agreement({("yes", "yes"): 12, ("no", "no"): 3})
    assert found.kappa == pytest.approx(1)
    assert (found.low, found.high) == (None, None)
    assert "cannot be told" in found.note


def test_where_one_of_the_two_knows_one_outcome_only_kappa_is_chance_and_has_no_interval() -> None:
    found = agreement({("yes", "yes"): 9, ("no", "yes"): 3})
    assert found.kappa == pytest.approx(0)
    assert (found.low, found.high) == (None, None)
    assert "One of the two" in found.note


def test_disagreement_without_exception_is_as_far_below_chance_as_can_be() -> None:
    found = agreement({("yes", "no"): 20, ("no", "yes"): 20})
    assert found.kappa == pytest.approx(-1)
    assert found.low == pytest.approx(-1)


def test_a_count_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="less often than never"):
        agreement({("yes", "no"): -1})
