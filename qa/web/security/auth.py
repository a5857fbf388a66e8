"""Logins: people with passwords (HTTP Basic, RFC 7617), programs with tokens (Bearer, RFC 6750).

A login is one line, `user:NAME:HASH` or `token:NAME:HASH`, from a file or the environment. Passwords are kept
as Argon2id hashes (RFC 9106). Tokens are 256 random bits, which nobody can guess, so a SHA-256 is enough.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import argon2

from qa.errors import SettingsError
from qa.settings import ServeSettings

NAME = re.compile(r"[\w.@-]{1,64}")
USER_HASH = re.compile(r"\$argon2id\$v=\d+\$m=\d{1,7},t=\d{1,2},p=\d{1,2}\$[\w+/]+\$[\w+/]+")
TOKEN_HASH = re.compile(r"[0-9a-f]{64}")
LEAST_PASSWORD = 8  # characters, the least that NIST SP 800-63B lets a verifier accept
MOST_PASSWORD = 1000  # characters; hashing more is work for nothing
REMEMBERED = 1000  # passwords found right, so that Argon2 runs once a login and not once a request
HASHER = argon2.PasswordHasher()  # RFC 9106's second recommendation: 64 MiB, three passes
HINT = "make a line with `briefing login NAME`"


@dataclass(frozen=True, slots=True)
class Logins:
    """Argon2id hash by user name, token name by the token's SHA-256 in hexadecimal."""

    users: Mapping[str, str]
    tokens: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.users or self.tokens)


def read_logins(settings: ServeSettings) -> Logins:
    """Return the logins of file and environment; none if neither is set.

    Raises `SettingsError` for a file that cannot be read, or a line that is no login; it names the place,
    never the line itself.
    """
    lines = [("BRIEFING_SERVE__LOGINS", word) for word in settings.logins.get_secret_value().split()]
    if settings.logins_file is not None:
        lines += _lines_of(settings.logins_file)
    users: dict[str, str] = {}
    tokens: dict[str, str] = {}
    for place, line in lines:
        kind, _, rest = line.partition(":")
        name, _, hashed = rest.partition(":")
        if not NAME.fullmatch(name) or name in users or name in tokens.values():
            raise SettingsError(f"{place}: no name, or one that another login has; {HINT}")
        if kind == "user" and USER_HASH.fullmatch(hashed):
            users[name] = hashed
        elif kind == "token" and TOKEN_HASH.fullmatch(hashed):
            tokens[hashed] = name
        else:
            raise SettingsError(f"{place}: not user:NAME:HASH or token:NAME:HASH; {HINT}")
    return Logins(users, tokens)


def _lines_of(file: Path) -> list[tuple[str, str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"cannot read the logins in {file}: {getattr(exc, 'strerror', None) or exc}") from exc
    found = [
        (f"{file}, line {number}", line.strip())
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not found:
        raise SettingsError(f"{file} holds no login; {HINT}, or unset [serve] logins_file")
    return found


def user_line(name: str, password: str) -> str:
    """Return the line that lets a user in. Raises `SettingsError` for a name or password that is not usable."""
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise SettingsError(f"the password has {len(password)} characters; take {LEAST_PASSWORD} to {MOST_PASSWORD}")
    return f"user:{_named(name)}:{HASHER.hash(password)}"


def token_line(name: str) -> tuple[str, str]:
    """Return a new token, and the line that lets its bearer in. Raises `SettingsError` for an unusable name."""
    token = secrets.token_urlsafe(32)
    return token, f"token:{_named(name)}:{_digest(token)}"


def _named(name: str) -> str:
    if not NAME.fullmatch(name):
        raise SettingsError(f"{name[:80]!r} is no usable name; take up to 64 letters, digits and . _ @ -")
    return name


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


class Authenticator:
    """Tells by the Authorization header who wants in. Safe to share between threads."""

    def __init__(self, logins: Logins) -> None:
        self.logins = logins
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, str] = {}

    def known(self, header: str) -> str | None:
        """Return whose token or remembered password a header holds, else None; takes no time."""
        scheme, _, given = header.partition(" ")
        if scheme.lower() == "bearer":
            return self.logins.tokens.get(_digest(given.strip()))
        return self._known.get(self._seal(header))

    def check(self, header: str) -> str | None:
        """Return whose password a header holds, else None; takes some 50 ms of one core and 64 MiB."""
        name, password = _basic(header)
        if not name or len(password) > MOST_PASSWORD:
            return None
        try:
            HASHER.verify(self.logins.users.get(name) or _nobody(), password)
        except argon2.exceptions.Argon2Error:
            return None
        if name not in self.logins.users:
            return None
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[self._seal(header)] = name
        return name

    def _seal(self, header: str) -> bytes:
        """Return the key of a header in memory, from which no password can be read."""
        return hmac.digest(self._key, header.encode("utf-8", "replace"), "sha256")


@functools.cache
def _nobody() -> str:
    """Return a hash that no password has: an unknown name then takes as long as a known one."""
    return HASHER.hash(secrets.token_urlsafe(32))


def _basic(header: str) -> tuple[str, str]:
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
