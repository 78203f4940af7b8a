"""What people call the places and currencies of an offer, and the codes that they mean by it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Final

from compliance.kernel.money import CURRENCIES, NAMES

Names = Callable[[], Mapping[str, str]]
_COUNTRIES: Final = (
    "AD Andorra; AE United Arab Emirates; AF Afghanistan; AG Antigua and Barbuda; AI Anguilla; AL Albania; "
    "AM Armenia; AO Angola; AQ Antarctica; AR Argentina; AS American Samoa; AT Austria; AU Australia; AW Aruba; "
    "AX Åland Islands; AZ Azerbaijan; BA Bosnia and Herzegovina; BB Barbados; BD Bangladesh; BE Belgium; "
    "BF Burkina Faso; BG Bulgaria; BH Bahrain; BI Burundi; BJ Benin; BL Saint Barthélemy; BM Bermuda; BN Brunei; "
    "BO Bolivia; BQ Caribbean Netherlands; BR Brazil; BS Bahamas; BT Bhutan; BV Bouvet Island; BW Botswana; "
    "BY Belarus; BZ Belize; CA Canada; CC Cocos (Keeling) Islands; CD Congo, Democratic Republic; "
    "CF Central African Rep.; CG Congo, Republic; CH Switzerland; CI Côte d'Ivoire; CK Cook Islands; CL Chile; "
    "CM Cameroon; CN China; CO Colombia; CR Costa Rica; CU Cuba; CV Cape Verde; CW Curaçao; CX Christmas Island; "
    "CY Cyprus; CZ Czechia; DE Germany; DJ Djibouti; DK Denmark; DM Dominica; DO Dominican Republic; DZ Algeria; "
    "EC Ecuador; EE Estonia; EG Egypt; EH Western Sahara; ER Eritrea; ES Spain; ET Ethiopia; FI Finland; FJ Fiji; "
    "FK Falkland Islands; FM Micronesia; FO Faroe Islands; FR France; GA Gabon; GB United Kingdom; GD Grenada; "
    "GE Georgia; GF French Guiana; GG Guernsey; GH Ghana; GI Gibraltar; GL Greenland; GM Gambia; GN Guinea; "
    "GP Guadeloupe; GQ Equatorial Guinea; GR Greece; GS South Georgia and the South Sandwich Islands; "
    "GT Guatemala; GU Guam; GW Guinea-Bissau; GY Guyana; HK Hong Kong; HM Heard Island and McDonald Islands; "
    "HN Honduras; HR Croatia; HT Haiti; HU Hungary; ID Indonesia; IE Ireland; IL Israel; IM Isle of Man; "
    "IN India; IO British Indian Ocean Territory; IQ Iraq; IR Iran; IS Iceland; IT Italy; JE Jersey; JM Jamaica; "
    "JO Jordan; JP Japan; KE Kenya; KG Kyrgyzstan; KH Cambodia; KI Kiribati; KM Comoros; "
    "KN Saint Kitts and Nevis; KP North Korea; KR South Korea; KW Kuwait; KY Cayman Islands; KZ Kazakhstan; "
    "LA Laos; LB Lebanon; LC Saint Lucia; LI Liechtenstein; LK Sri Lanka; LR Liberia; LS Lesotho; LT Lithuania; "
    "LU Luxembourg; LV Latvia; LY Libya; MA Morocco; MC Monaco; MD Moldova; ME Montenegro; "
    "MF Saint Martin (French part); MG Madagascar; MH Marshall Islands; MK North Macedonia; ML Mali; MM Myanmar; "
    "MN Mongolia; MO Macau; MP Northern Mariana Islands; MQ Martinique; MR Mauritania; MS Montserrat; MT Malta; "
    "MU Mauritius; MV Maldives; MW Malawi; MX Mexico; MY Malaysia; MZ Mozambique; NA Namibia; NC New Caledonia; "
    "NE Niger; NF Norfolk Island; NG Nigeria; NI Nicaragua; NL Netherlands; NO Norway; NP Nepal; NR Nauru; "
    "NU Niue; NZ New Zealand; OM Oman; PA Panama; PE Peru; PF French Polynesia; PG Papua New Guinea; "
    "PH Philippines; PK Pakistan; PL Poland; PM Saint Pierre and Miquelon; PN Pitcairn; PR Puerto Rico; "
    "PS Palestine; PT Portugal; PW Palau; PY Paraguay; QA Qatar; RE Réunion; RO Romania; RS Serbia; RU Russia; "
    "RW Rwanda; SA Saudi Arabia; SB Solomon Islands; SC Seychelles; SD Sudan; SE Sweden; SG Singapore; "
    "SH Saint Helena; SI Slovenia; SJ Svalbard and Jan Mayen; SK Slovakia; SL Sierra Leone; SM San Marino; "
    "SN Senegal; SO Somalia; SR Suriname; SS South Sudan; ST Sao Tome and Principe; SV El Salvador; "
    "SX Sint Maarten; SY Syria; SZ Eswatini; TC Turks and Caicos Is; TD Chad; TF French Southern Territories; "
    "TG Togo; TH Thailand; TJ Tajikistan; TK Tokelau; TL East Timor; TM Turkmenistan; TN Tunisia; TO Tonga; "
    "TR Türkiye; TT Trinidad and Tobago; TV Tuvalu; TW Taiwan; TZ Tanzania; UA Ukraine; UG Uganda; "
    "UM United States minor outlying islands; US United States; UY Uruguay; UZ Uzbekistan; VA Vatican City; "
    "VC Saint Vincent; VE Venezuela; VG Virgin Islands, British; VI Virgin Islands, United States; VN Vietnam; "
    "VU Vanuatu; WF Wallis and Futuna; WS Samoa; YE Yemen; YT Mayotte; ZA South Africa; ZM Zambia; ZW Zimbabwe"
)
_STATES: Final = (
    "AK Alaska; AL Alabama; AR Arkansas; AZ Arizona; CA California; CO Colorado; CT Connecticut; "
    "DC District of Columbia; DE Delaware; FL Florida; GA Georgia; HI Hawaii; IA Iowa; ID Idaho; IL Illinois; "
    "IN Indiana; KS Kansas; KY Kentucky; LA Louisiana; MA Massachusetts; MD Maryland; ME Maine; MI Michigan; "
    "MN Minnesota; MO Missouri; MS Mississippi; MT Montana; NC North Carolina; ND North Dakota; NE Nebraska; "
    "NH New Hampshire; NJ New Jersey; NM New Mexico; NV Nevada; NY New York; OH Ohio; OK Oklahoma; OR Oregon; "
    "PA Pennsylvania; RI Rhode Island; SC South Carolina; SD South Dakota; TN Tennessee; TX Texas; UT Utah; "
    "VA Virginia; VT Vermont; WA Washington; WI Wisconsin; WV West Virginia; WY Wyoming"
)
USUAL: Final = ("USD", "EUR", "GBP", "CAD", "AUD", "CHF")


@functools.cache
def countries() -> Mapping[str, str]:
    """Return every country's name by its code, by name."""
    return dict(sorted(_named(_COUNTRIES).items(), key=lambda one: one[1]))


@functools.cache
def places() -> Mapping[str, str]:
    """Return every country, and each state of the United States, by its code."""
    states = {f"US-{code}": f"United States, {name}" for code, name in _named(_STATES).items()}
    return dict(sorted({**countries(), **states}.items(), key=lambda one: one[1]))


@functools.cache
def currencies() -> Mapping[str, str]:
    """Return every currency's name by its code, the usual ones first."""
    by_name = sorted(CURRENCIES, key=lambda code: NAMES[code].casefold())
    return {code: NAMES[code] for code in dict.fromkeys((*USUAL, *by_name))}


def place_code(typed: str | None) -> str | None:
    """Return the code of the place that *typed* names, in whichever of its ways; anything else as it came."""
    return _code(typed, _spellings(places))


def currency_code(typed: str | None) -> str | None:
    """Return the code of the currency that *typed* names; anything else as it came."""
    return _code(typed, _spellings(currencies))


def _code(typed: str | None, spellings: Mapping[str, str]) -> str | None:
    return spellings.get(" ".join(typed.split()).casefold(), typed) if typed else typed


@functools.cache
def _spellings(names: Names) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for code, name in names().items():
        found |= {name.casefold(): code, f"{name} ({code})".casefold(): code}
    return found


def _named(text: str) -> dict[str, str]:
    pairs = (one.strip().partition(" ") for one in text.split(";"))
    return {code: name for code, _, name in pairs}
