"""Somebody in front of a browser: one connection kept open, cookies, sign-in with password and authenticator app."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urlencode

import pyotp

FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    text: str


class Visitor:
    """A browser without a screen."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.token = ""

    def at(self, port: int) -> Visitor:
        """Return the same visitor in front of another server, or of the same one with a fresh connection."""
        other = Visitor(port)
        other.cookies, other.token = self.cookies, self.token
        return other

    def get(self, address: str) -> Answer:
        """Read a page, and remember the token of its forms."""
        answer = self._send("GET", address, None, {})
        if found := re.search(r'name="csrf_token" value="([^"]*)"', answer.text):
            self.token = found[1]
        return answer

    def post(self, address: str, fields: dict[str, str]) -> Answer:
        """Send a form."""
        return self._send("POST", address, urlencode({"csrf_token": self.token, **fields}), FORM)

    def sign_in(self, email: str, password: str) -> None:
        """Sign in for the first time, second factor included; raises ``RuntimeError`` when that fails."""
        self.get("/login")
        self.post("/login", {"email": email, "password": password})
        page = self.get("/account/second-factor").text
        secret = re.search(r'name="secret" value="([A-Z2-7]+)"', page)
        if secret is None:
            raise RuntimeError(f"{email} was not asked for a second factor")
        code = pyotp.TOTP(secret[1]).now()
        kept = self.post("/account/second-factor", {"secret": secret[1], "code": code})
        if kept.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise RuntimeError(f"{email} could not sign in: {kept.status}")
        self.get("/account/sessions")

    def _send(self, method: str, address: str, body: str | None, headers: dict[str, str]) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(method, address, body, {**headers, "Cookie": cookie})
        response = self.connection.getresponse()
        text = response.read().decode()
        for line in response.headers.get_all("Set-Cookie", []):
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        return Answer(response.status, text)
