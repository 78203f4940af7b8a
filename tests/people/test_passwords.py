import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.authz import SYSTEM_ACTOR, Role
from compliance.people import directory, passwords
from compliance.people.passwords import PasswordError
from tests.people.scene import person


@pytest.mark.parametrize(
    "password",
    [
        "too short", "fourteen signs", "x" * 129, "password password", "qwertyqwertyqwerty", "aaaaaaaaaaaaaaaa",
        "countersign2026!", "abcdefghijklmnop", "1234567890123456", "12345678987654321", "p@ssw0rd p@ssw0rd",
        "q1w2e3r4t5y6u7i8", "qazwsxedcrfvtgb", "1qaz2wsx3edc4rfv", "qwertzuiopasdfgh", "azertyuiopqsdfgh",
        "Summer2026Winter2027", "correct horse battery staple", "To be, or not to be!", "iloveyou iloveyou 1",
        "!@#$%^&*()!@#$%^&*()", "abc123abc123abc123", "Administrator2026", "PasswordPassword1", "zyxwvutsrqponmlk",
        "1111222233334444", "welcome to company 1",
    ],
)  # fmt: skip
def test_what_is_short_endless_or_tried_first_is_refused(password: str) -> None:
    with pytest.raises(PasswordError):
        passwords.check(password, second_factor=False)


@pytest.mark.parametrize(
    "password", ["password1", "letmein!!", "football7", "q1w2e3r4", "19841984", "dragon99", "p@55w0rd"]
)
def test_a_short_password_beside_a_second_factor_is_none_of_the_common_ones(password: str) -> None:
    with pytest.raises(PasswordError, match="tried first"):
        passwords.check(password, second_factor=True)


@pytest.mark.parametrize(
    "password",
    [
        "seven tin boats go north", "Zwölf Boxkämpfer jagen", "é" * 3 + "🚢 boats and 🚀 rockets", "tin boat" * 15,
        "happy monkey loves pizza", "f7Kq2mZx9LwB4tRn", "3141592653589793", "пятнадцать лодок",
        "船が七つ北へ行く夜明け前の静けさ",
        "  spaces at both ends  ",
    ],
)  # fmt: skip
def test_long_passwords_of_any_characters_work(password: str) -> None:
    stored = passwords.hashed(passwords.check(password, second_factor=False))
    assert passwords.matches(stored, password)
    assert not passwords.matches(stored, password + "x")
    assert not passwords.matches(stored, password.strip()[:-1])
    assert not passwords.matches(None, password)


def test_a_second_factor_allows_a_shorter_password() -> None:
    assert passwords.check("tin boat", second_factor=True) == "tin boat"


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize(
    "password", ["Zwölf Boxkämpfer jagen", "é" * 64 + "à" * 64, "\ufb01fteen \uff37ide letters \u2460"]
)
def test_a_password_is_the_same_however_a_keyboard_composes_it(password: str, form: str) -> None:
    stored = passwords.hashed(password)
    typed = unicodedata.normalize(form, password)  # type: ignore[arg-type]
    assert passwords.matches(stored, typed)


def test_nothing_of_a_long_password_is_cut_off() -> None:
    long = passwords.check("seven tin boats go north " * 5, second_factor=False)
    assert len(long) == 125
    stored = passwords.hashed(long)
    assert passwords.matches(stored, long)
    assert not passwords.matches(stored, long[:-1] + "x")


def test_what_belongs_to_the_person_or_their_client_is_refused(app: object) -> None:
    del app
    mona = person("mona.quillonby@brightwell.example", Role.HIRING_MANAGER, organisation="Hollowmere Tannery")
    directory.rename(mona, "Mona Quillonby", SYSTEM_ACTOR)
    about = directory.words_about(mona)
    for password in ("quillonby 2026 mona", "Hollowmere Tannery 7", "brightwell-brightwell"):
        with pytest.raises(PasswordError, match="tried first"):
            passwords.check(password, second_factor=False, about=about)
        assert passwords.check(password, second_factor=False)


@pytest.mark.parametrize(
    "password",
    [
        "P@$$w0rd!2024", "pa55w0rd1234567", "p4$$w0rd-p4$$w0rd", "4dm1n1str4t0r", "m0nk3y123456789", "l3tm31n!!",
        "suns#ine", "pr1nc3$$", "5un5h1n3", "sp1d3rm4n", "l1verp0o1", "m1che11e", "wi!!iam1", "6arcelona", "8asebal1",
        "vvelcome2024", "passw()rd", "p@ssvv0rd", "ph00tball", "mi(hael1", "drow55@p", "c0rrect h0rse battery $taple",
        "70 be, 0r n07 to b3!",
    ],
)  # fmt: skip
def test_signs_for_letters_hide_no_common_word_whatever_tricks_are_mixed(password: str) -> None:
    with pytest.raises(PasswordError, match="tried first"):
        passwords.check(password, second_factor=True)


@pytest.mark.parametrize(
    "password",
    ["7 tin b0ats go n0rth", "cellar! violin 2 mend", "8CpqQzN301v5", "1337 owls on 2 hills", "6 geese + 9 ducklings"],
)
def test_signs_among_words_of_ones_own_are_no_trick(password: str) -> None:
    assert passwords.check(password, second_factor=True) == password


@settings(max_examples=200)
@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=200))
def test_whatever_is_typed_is_kept_as_it_is_or_refused_with_a_sentence(password: str) -> None:
    with suppress(PasswordError):
        assert passwords.check(password, second_factor=False) == password


NOTORIOUS = (Path(__file__).parent / "notorious_passwords.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", [line for line in NOTORIOUS if not line.startswith("#")])
def test_no_notorious_password_can_be_chosen_at_all(line: str) -> None:
    for password in line.split():
        chosen = password if len(password) >= 8 else f"{password}2024"
        with pytest.raises(PasswordError, match="tried first"):
            passwords.check(chosen, second_factor=True)


@pytest.mark.parametrize(
    "password",
    [
        "drowssap drowssap",
        "ghbdtn gfhjkm 2024",
        "Bayern München 1900",
        "verano 2026 verano",
        "$0mmer-$0mmer-$0mmer",
        "Nguyen-Kowalski-1987",
    ],
)
def test_words_of_many_countries_backwards_and_on_other_keyboards_are_refused(password: str) -> None:
    with pytest.raises(PasswordError, match="tried first"):
        passwords.check(password, second_factor=False)
