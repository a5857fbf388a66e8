"""Logins: what a line may be, who is let in, and that no secret is told or kept."""

from __future__ import annotations

import base64
from pathlib import Path

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from qa.errors import SettingsError
from qa.settings import ServeSettings, load_settings
from qa.web.security import auth
from qa.web.security.auth import Authenticator, Logins, read_logins, token_line, user_line

PASSWORD = "correct horse: battery 🐎"
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
USER = f"user:anna:{QUICK.hash(PASSWORD)}"
TOKEN, TOKEN_LINE = token_line("agent-1")


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    auth._nobody.cache_clear()
    monkeypatch.setattr(auth, "HASHER", QUICK)


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator(read_logins(ServeSettings(logins=SecretStr(f"{USER} {TOKEN_LINE}"))))


def test_a_line_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "HASHER", argon2.PasswordHasher())
    line = user_line("anna", PASSWORD)
    assert line.startswith("user:anna:$argon2id$v=19$m=65536,t=3,p=4$")
    assert Authenticator(read_logins(ServeSettings(logins=SecretStr(line)))).check(basic("anna", PASSWORD)) == "anna"
    assert PASSWORD not in line
    assert TOKEN not in TOKEN_LINE
    assert len(TOKEN) >= 43  # 256 bits in base64
    assert token_line("agent-1")[0] != TOKEN


def test_file_and_environment_are_read_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logins").write_text(f"# people\n\n  {USER}  \n")
    (tmp_path / "my.toml").write_text('[serve]\nlogins_file = "logins"\n')
    monkeypatch.setenv("BRIEFING_SERVE__LOGINS", TOKEN_LINE)
    settings = load_settings(tmp_path / "my.toml").serve
    assert settings.logins_file == tmp_path / "logins"
    logins = read_logins(settings)
    assert list(logins.users) == ["anna"]
    assert list(logins.tokens.values()) == ["agent-1"]


def test_without_logins_there_are_none() -> None:
    assert not read_logins(ServeSettings())


def test_settings_do_not_show_logins() -> None:
    assert "argon2id" not in repr(ServeSettings(logins=SecretStr(USER)))


@pytest.mark.parametrize(
    "line",
    [
        "anna:secret",
        "user:anna:secret",
        f"user:an na:{USER.partition('anna:')[2]}",
        "user::" + USER.partition("anna:")[2],
        "token:bot:" + "A" * 64,
        "token:bot:" + "a" * 63,
        "root:bot:" + "a" * 64,
        USER.replace("argon2id", "argon2i"),
        "user:" + "n" * 65 + ":" + USER.partition("anna:")[2],
    ],
)
def test_a_line_that_is_no_login_is_named_by_its_place_and_not_told(tmp_path: Path, line: str) -> None:
    file = tmp_path / "logins"
    file.write_text(f"{TOKEN_LINE}\n{line}\n")
    with pytest.raises(SettingsError, match=r"logins, line 2.*briefing login NAME") as fault:
        read_logins(ServeSettings(logins_file=file))
    assert line.rpartition(":")[2] not in str(fault.value)


def test_a_name_may_be_used_once() -> None:
    with pytest.raises(SettingsError, match="BRIEFING_SERVE__LOGINS: no name, or one that another login has"):
        read_logins(ServeSettings(logins=SecretStr(f"{TOKEN_LINE}\n{USER.replace('anna', 'agent-1')}")))


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"# nobody\n"])
def test_a_file_without_logins_is_an_error_and_not_an_open_door(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "logins"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match="logins"):
        read_logins(ServeSettings(logins_file=file))


def test_who_knows_the_password_is_let_in(authenticator: Authenticator) -> None:
    header = basic("anna", PASSWORD)
    assert authenticator.known(header) is None  # nothing is remembered yet
    assert authenticator.check(header) == "anna"
    assert authenticator.known(header) == "anna"  # without Argon2 from now on


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        basic("anna", "wrong"),
        basic("anna", ""),
        basic("", PASSWORD),
        basic("nobody", PASSWORD),
        basic("agent-1", TOKEN),
        basic("anna", "x" * 100_000),
        "Bearer " + PASSWORD,
        "Bearer",
        "Bearer " + TOKEN[:-1],
        "Bearer " + TOKEN_LINE.rpartition(":")[2],  # the hash is no token
        TOKEN,
    ],
)
def test_nobody_else_is(authenticator: Authenticator, header: str) -> None:
    assert authenticator.known(header) is None
    assert authenticator.check(header) is None
    assert authenticator.known(header) is None


def test_the_bearer_of_a_token_is_let_in(authenticator: Authenticator) -> None:
    assert authenticator.known(f"Bearer {TOKEN}") == "agent-1"
    assert authenticator.known(f"bearer  {TOKEN}") == "agent-1"


def test_what_is_remembered_is_bounded_and_no_password(
    authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 1)
    for scheme in ("Basic", "basic", "BASIC"):
        assert authenticator.check(basic("anna", PASSWORD).replace("Basic", scheme)) == "anna"
    assert len(authenticator._known) == 1
    assert PASSWORD.encode() not in b"".join(authenticator._known)


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda given: f"Bearer {given}"))
def test_no_header_breaks_the_door(header: str) -> None:
    assert Authenticator(Logins({}, {"0" * 64: "x"})).known(header) is None


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "short"), ("anna", "x" * 1001), ("an:na", PASSWORD), ("", PASSWORD)]
)
def test_unusable_names_and_passwords_are_refused(name: str, password: str) -> None:
    with pytest.raises(SettingsError):
        user_line(name, password)
