"""Which addresses may be reached: those of the public internet, checked where the connection is made.

The name is resolved once and the connection goes to an address that was checked, so that neither a redirect nor a name
server that changes its mind (DNS rebinding) leads to this machine or the local network.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore

from qa.errors import FetchError

HOLDING_IPV4 = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))  # in their last 32 bits
LOCAL = "is an address of this machine or the local network, which is not fetched from; --allow-local allows it"

Resolve = Callable[[str, int], Iterable[str]]
Connect = Callable[..., httpcore.NetworkStream]


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only."""

    def __init__(self, allow_local: bool, resolve: Resolve | None = None, connect: Connect | None = None) -> None:
        self._allow_local = allow_local
        self._resolve = resolve or resolved
        self._connect = connect or httpcore.SyncBackend().connect_tcp

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to the first address that answers. Raises `FetchError` if any may not be reached."""
        addresses = list(dict.fromkeys(self._resolve(host, port)))
        if not self._allow_local and not all(map(is_public, addresses)):
            raise FetchError(f"{host} {LOCAL}")
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return self._connect(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Refuse: a socket of this machine."""
        raise FetchError(f"{path} {LOCAL}")


def resolved(host: str, port: int) -> Iterable[str]:
    """Return the addresses of a host. Raises `httpcore.ConnectError` for one that is not known."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as exc:
        raise httpcore.ConnectError(f"{host} is not known: {exc}") from exc


def is_public(address: str) -> bool:
    """Return whether an address belongs to the public internet; one that holds another, only if that does, too."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in (found, *_inside(found)))


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address stands for or leads to."""
    if isinstance(address, IPv4Address):
        return []
    teredo = address.teredo or ()
    held = [IPv4Address(int(address) & 0xFFFF_FFFF) for network in HOLDING_IPV4 if address in network]
    return [each for each in (address.ipv4_mapped, address.sixtofour, *teredo, *held) if each is not None]
