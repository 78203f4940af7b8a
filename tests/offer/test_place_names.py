import pytest

from compliance.engine import inputs
from compliance.kernel.money import CURRENCIES
from tests.offer.scene import TERMS
from workflows.offer.place_names import countries, currencies, places
from workflows.offer.places import COUNTRIES, US_STATES
from workflows.offer.terms import Terms


def test_every_code_that_is_taken_has_a_name() -> None:
    assert set(countries()) == COUNTRIES
    assert set(places()) == COUNTRIES | {f"US-{state}" for state in US_STATES}
    assert set(currencies()) == CURRENCIES
    for names in (places(), currencies()):
        assert len({name.casefold() for name in names.values()}) == len(names)


@pytest.mark.parametrize("typed", ["DE", "Germany", "germany", "Germany (DE)", " Germany  (DE) "])
def test_a_place_is_given_by_its_code_or_its_name(typed: str) -> None:
    form, errors = inputs.fill(Terms, {**TERMS, "freelancer_country": typed})
    assert errors == {}
    assert form["freelancer_country"].data == "DE"


def test_a_state_and_a_currency_are_given_by_their_names() -> None:
    form, errors = inputs.fill(Terms, {**TERMS, "work_place": "United States, New York", "currency": "Euro (EUR)"})
    assert errors == {}
    assert (form["work_place"].data, form["currency"].data) == ("US-NY", "EUR")


@pytest.mark.parametrize("typed", ["Atlantis", "de", "XX", "United States, Nowhere"])
def test_a_place_that_is_not_known_is_refused_and_stays_as_typed(typed: str) -> None:
    form, errors = inputs.fill(Terms, {**TERMS, "client_country": typed})
    assert list(errors) == ["client_country"]
    assert f'value="{typed}"' in form["client_country"]()


def test_the_box_offers_the_names_and_shows_the_kept_code_with_its_name() -> None:
    box = Terms(data={"work_place": "US-NY"})["work_place"]()
    assert '<option value="Germany (DE)"></option>' in box
    assert 'value="United States, New York (US-NY)"' in box.partition("<datalist")[0]
    assert Terms()["currency"]().index("US dollar (USD)") < Terms()["currency"]().index("Bahraini dinar (BHD)")
