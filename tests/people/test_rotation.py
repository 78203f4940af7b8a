"""Changing the installation's key ends nobody's sign-in, spoils no open form and locks nobody out."""

import dataclasses
import re

import pyotp
import pytest
import time_machine
from cryptography.exceptions import InvalidTag
from flask import Flask

from compliance.application import signing_keys
from compliance.authz import Role
from compliance.kernel.db import session
from compliance.people import second_factor
from tests.people.scene import NOON, person, post, set_up_second_factor, sign_in

NEW = "n" * 48


def test_the_old_key_is_still_read_and_the_new_one_used(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    old = app.config["SECRET_KEY"]
    rita = person("rita@desk.example", Role.REVIEWER)
    browser, other = app.test_client(), app.test_client()
    with time_machine.travel(NOON) as clock:
        sign_in(browser, "rita@desk.example")
        secret, _ = set_up_second_factor(browser)
        form = re.search(r'name="csrf_token" value="([^"]*)"', browser.get("/account/sessions").text)
        assert form is not None
        settings = dataclasses.replace(app.config["SETTINGS"], secret_key=NEW, secret_key_old=old)
        for name, value in {"SETTINGS": settings, **signing_keys(settings)}.items():
            monkeypatch.setitem(app.config, name, value)
        assert browser.get("/account/sessions").status_code == 200
        sent = browser.post("/account/sessions", data={"csrf_token": form[1], "which": "others"})
        assert sent.status_code == 303
        clock.shift(60)
        sign_in(other, "rita@desk.example")
        assert post(other, "/login/second-factor", code=pyotp.TOTP(secret).now()).status_code == 303
    session().expire_all()
    assert second_factor.kept(rita, NEW) == secret
    with pytest.raises(InvalidTag):
        second_factor.kept(rita, old)
    session().rollback()
