"""What may be reached: the public internet, at the address that was checked."""

from __future__ import annotations

from collections.abc import Iterable

import httpcore
import pytest

from qa.errors import FetchError
from qa.fetch.addresses import PinnedBackend, is_public

STREAM = httpcore.MockStream([])


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
        ),
        *(
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
            "ff02::1",
            "localhost",
            "",
        ),
        *("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1"),
    ],
)
def test_not_public(address: str) -> None:
    assert not is_public(address)


def test_connection_goes_to_the_address_that_was_checked_and_the_name_is_asked_once() -> None:
    """A name server that answers with a public address first and with this machine's then (DNS rebinding)."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    reached: list[str] = []

    def connect(address: str, *_: object) -> httpcore.NetworkStream:
        reached.append(address)
        return STREAM

    backend = PinnedBackend(False, lambda host, port: next(answers), connect)
    assert backend.connect_tcp("example.org", 80) is STREAM
    with pytest.raises(FetchError, match=r"^example\.org is an address of this machine or the local network"):
        backend.connect_tcp("example.org", 80)
    assert reached == ["93.184.216.34"]


def test_one_local_address_among_public_ones_is_enough_to_refuse() -> None:
    backend = PinnedBackend(False, lambda host, port: ["93.184.216.34", "10.0.0.1"], lambda *_: STREAM)
    with pytest.raises(FetchError, match="--allow-local"):
        backend.connect_tcp("example.org", 80)


def test_next_address_is_tried_when_one_does_not_answer() -> None:
    def connect(address: str, *_: object) -> httpcore.NetworkStream:
        if address == "93.184.216.34":
            raise httpcore.ConnectError("no route")
        return STREAM

    backend = PinnedBackend(False, lambda host, port: ["93.184.216.34", "93.184.216.35"], connect)
    assert backend.connect_tcp("example.org", 80) is STREAM


@pytest.mark.parametrize("found", [[], ["93.184.216.34"]])
def test_host_without_an_answer(found: Iterable[str]) -> None:
    def connect(*_: object) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("no route")

    with pytest.raises(httpcore.ConnectError):
        PinnedBackend(False, lambda host, port: found, connect).connect_tcp("example.org", 80)


def test_sockets_of_this_machine_are_refused() -> None:
    with pytest.raises(FetchError):
        PinnedBackend(False).connect_unix_socket("/run/x")
