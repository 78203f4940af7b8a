"""Places by their ISO 3166 codes: a country (``GB``), or a country and a part of it (``US-CA``)."""

from __future__ import annotations

from typing import Any, Final

from wtforms.validators import ValidationError

# ISO 3166-1 alpha-2, officially assigned codes.
_ALPHA_2: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES: Final = frozenset(_ALPHA_2.split())
# ISO 3166-2:US, the states and the capital's district.
_STATES: Final = (
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK "
    "OR PA RI SC SD TN TX UT VA VT WA WI WV WY"
)
US_STATES: Final = frozenset(_STATES.split())
LONGEST_PART: Final = 3


def country_of(place: str) -> str:
    """Return the country's code of *place*."""
    return place.partition("-")[0]


def a_place(form: Any, field: Any) -> None:  # noqa: ANN401 - WTForms hands its own form and field over
    """Refuse what is neither a country nor a country and a part of it."""
    del form
    country, dash, part = (field.data or "").partition("-")
    well_made = not dash or (part.isascii() and part.isalnum() and part.isupper() | part.isdigit())
    known = part in US_STATES if country == "US" and dash else len(part) <= LONGEST_PART
    if country not in COUNTRIES or not well_made or not known:
        raise ValidationError("Use a code such as GB, DE or US-CA.")


def a_state_where_it_matters(form: Any, field: Any) -> None:  # noqa: ANN401 - as above
    """Ask for the state inside the United States: the states' tests differ."""
    del form
    if field.data == "US":
        raise ValidationError("Name the state too, such as US-NY: the law differs from state to state.")
