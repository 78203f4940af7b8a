"""What a mail looks like on its way: one text in two forms, whole headers, links to this desk only."""

import html
import re
from email import message_from_bytes
from email.policy import default

import pytest
from flask import Flask

from compliance.kernel import clock, ids
from compliance.messages.kinds import Kind
from compliance.messages.letters import as_html, letter
from compliance.messages.models import MailMessage
from compliance.messages.outbox import written
from compliance.settings import Settings, from_environment

BASE = "https://desk.example"
SETTINGS = from_environment({"COMPLIANCE_ENV": "test", "COMPLIANCE_SECRET_KEY": "k" * 48, "COMPLIANCE_BASE_URL": BASE})
NASTY = [
    "Eve\r\nBcc: all@example.com",
    "Eve\nBcc: all@example.com",
    "Eve\rBcc: all@example.com",
    "Eve\r\n\r\nbody",
    "Eve\u2028Bcc: all@example.com",
    "Eve\x0bBcc: all@example.com",
    "Eve\x00Bcc: all@example.com",
    "=?utf-8?q?Eve=0ABcc:_all@example.com?=",
    "Ève " * 60,
]


def mail(**columns: object) -> MailMessage:
    at = clock.now()
    given = {"id": ids.new_id(), "address": "fay@example.com", "subject": "News", "text": "Words", **columns}
    return MailMessage(made_at=at, due_at=at, **given)


def read_again(settings: Settings = SETTINGS, **columns: object) -> list[str]:
    read = message_from_bytes(letter(mail(**columns), settings).as_bytes(), policy=default)
    return sorted(read.keys())


def plain(markup: str) -> str:
    text = re.sub(r"</p>\s*<p>", "\n\n", markup.replace("<br>\n", "\n"))
    return html.unescape(re.sub(r"<[^>]+>", "", text)).strip()


@pytest.mark.parametrize(
    "text",
    [
        "One line",
        "Hello Fay,\n\nlook here: https://desk.example/offers/OF-1\nor there.\n\n-- \nBye\n",
        "<script>alert(1)</script> & \"quotes\" 'single' https://desk.example/a?b=1&c=<2>",
        "https://desk.example",
        "https://desk.example.evil.example/x and https://evil.example/ and javascript:alert(1)",
    ],
)
def test_both_parts_say_the_same(text: str) -> None:
    assert plain(as_html(text, BASE)) == text.strip()
    read = message_from_bytes(letter(mail(text=text), SETTINGS).as_bytes(), policy=default)
    parts = {part.get_content_type(): part.get_content() for part in read.walk() if not part.is_multipart()}
    assert parts["text/plain"].replace("\r\n", "\n").strip() == text.strip()
    assert plain(parts["text/html"].replace("\r\n", "\n")) == text.strip()


def test_only_addresses_of_this_desk_become_links() -> None:
    made = as_html(
        "https://desk.example/offers/OF-1, (see https://desk.example/help). "
        "https://desk.example.evil.example/x https://evil.example/ "
        'https://desk.example/"onclick="x',
        BASE,
    )
    assert re.findall(r'href="([^"]*)"', made) == ["https://desk.example/offers/OF-1", "https://desk.example/help"]


def test_markup_of_users_stays_words() -> None:
    made = as_html("<img src=x onerror=alert(1)>", BASE)
    assert "<img" not in made
    assert "&lt;img" in made


@pytest.mark.parametrize("name", NASTY)
def test_no_name_becomes_a_header(app: Flask, name: str) -> None:
    del app  # The template is rendered with it.
    columns = written("fay@example.com", "notification", f"Decided: {name}", receipt="r", headline=name)
    assert "Bcc" not in read_again(subject=columns["subject"], text=columns["text"])
    assert read_again(subject=columns["subject"]) == read_again()
    assert "\n" not in columns["subject"]


@pytest.mark.parametrize(
    "address", ["fay@example.com\r\nBcc: all@example.com", "fay@example.com, all@example.com", "fay"]
)
def test_an_address_that_no_header_can_hold_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        letter(mail(address=address), SETTINGS)


def test_the_same_row_gives_the_same_message_id() -> None:
    row = mail()
    first, second = (letter(row, SETTINGS) for _ in range(2))
    assert first["Message-ID"] == second["Message-ID"] == f"<{row.id}@desk.example>"
    assert first["Date"] == second["Date"]


def test_a_long_link_in_a_header_stays_whole(app: Flask) -> None:
    del app  # It signs the link.
    row = mail(person_id=ids.new_id(), kind=Kind.DECIDED.value)
    raw = letter(row, SETTINGS).as_string()
    found = re.search(r"^List-Unsubscribe: <(\S+)>\r?$", raw, re.MULTILINE)
    assert found is not None
    assert "/unsubscribe/" in found[1]
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in raw


def test_mail_without_a_choice_has_no_way_to_stop_it() -> None:
    assert not [name for name in read_again() if name.startswith("List-")]
