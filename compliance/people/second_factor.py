"""The second factor: a code from an authenticator app (RFC 6238), and recovery codes for the day it is lost."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from compliance.kernel import clock
from compliance.kernel.ids import ALPHABET
from compliance.people.models import Person

STEP_SECONDS: Final = 30
SECRET: Final = re.compile(r"[A-Z2-7]{32}")
RECOVERY_CODES: Final = 10
PICTURE_PIXELS: Final = 300
QUIET_ZONE: Final = 4
RECOVERY_LENGTH: Final = 12
_NONCE_BYTES: Final = 12


def new_secret() -> str:
    """Return a fresh shared secret in base 32."""
    return pyotp.random_base32()


def picture(secret: str, person: Person) -> str:
    """Return the QR code (SVG markup) with which an authenticator app takes *secret* in."""
    address = pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name="Countersign")
    made = segno.make(address, error="m")
    scale = PICTURE_PIXELS // made.symbol_size()[0]
    # A camera reads dark on light only, with four modules of light around it, whatever colours the page has.
    return made.svg_inline(
        scale=scale, border=QUIET_ZONE, dark="#000", light="#fff", title="Code for your authenticator app"
    )


def in_groups(secret: str) -> str:
    """Return *secret* as it is read and typed: in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def accepts(secret: str, code: str, last_step: int) -> int | None:
    """Return the time step of *code*, or ``None``; a step is good once, and one step of skew is allowed."""
    given = code.replace(" ", "")
    current = int(clock.now().timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (current - 1, current, current + 1):
        if step > last_step and hmac.compare_digest(totp.generate_otp(step).encode(), given.encode()):
            return step
    return None


def keep(person: Person, secret: str, secret_key: str) -> list[str]:
    """Store *secret* for *person*, encrypted, and return fresh recovery codes, which are shown this once."""
    person.totp_secret = _sealed(person, secret, secret_key)
    return new_recovery_codes(person)


def new_recovery_codes(person: Person) -> list[str]:
    """Put fresh recovery codes in the place of the old ones, and return them to be shown this once."""
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    person.recovery_hashes = [_recovery_hash(code) for code in codes]
    return codes


def kept(person: Person, secret_key: str, old_key: str = "") -> str:
    """Return the secret of *person* in clear; one that still lies under *old_key* is put under *secret_key*."""
    try:
        return _opened(person, secret_key)
    except InvalidTag:
        if not old_key:
            raise
    secret = _opened(person, old_key)
    person.totp_secret = _sealed(person, secret, secret_key)
    return secret


def use_recovery_code(person: Person, code: str) -> bool:
    """Take a recovery code of *person* out of use; return whether it was one."""
    digest = _recovery_hash(code.replace("-", "").replace(" ", "").upper())
    if digest not in person.recovery_hashes:
        return False
    person.recovery_hashes = [kept for kept in person.recovery_hashes if kept != digest]
    return True


def _sealed(person: Person, secret: str, secret_key: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_key(secret_key)).encrypt(nonce, secret.encode(), person.id.bytes)


def _opened(person: Person, secret_key: str) -> str:
    sealed = person.totp_secret or b""
    return AESGCM(_key(secret_key)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], person.id.bytes).decode()


def _recovery_hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _key(secret_key: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"countersign second factor").derive(secret_key.encode())
