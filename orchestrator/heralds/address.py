"""Where a webhook may go: the address is looked up once for each delivery, judged, and that very address is connected
to, so that a name can not lead somewhere else than was judged.

Never: a redirect, a proxy of the environment's, plain HTTP over a network.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(Exception):
    """A webhook may not go there; one sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """`literal`: the host is an address, or `localhost`, and not a name that somebody else's DNS answers for."""

    host: str
    port: int
    path: str
    tls: bool
    literal: bool


def read_target(url: str) -> Target:
    """`https://HOST[:PORT][/PATH][?QUERY]`, or the same with `http` on this machine; `NotAllowed` for anything else."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise NotAllowed("it looks like https://HOST[:PORT]/PATH")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotAllowed("it holds no user, password or fragment; deliveries are signed instead")
    tls, literal = parts.scheme == "https", host == "localhost" or _literal(host) is not None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or not path.isprintable() or " " in path:
        raise NotAllowed("its path must be written in printable ASCII")
    if not tls and not (host == "localhost" or _is_loopback(host)):
        raise NotAllowed("plain http is for this machine alone; use https")
    return Target(host, port or (443 if tls else 80), path, tls, literal)


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    found = _literal(host)
    return found is not None and found.is_loopback


def looked_up(target: Target) -> str:
    """The address to connect to; `NotAllowed` where it must not be, `OSError` when there is none."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for one in addresses:
        _judge(target, one)
    return str(addresses[0])


def _judge(target: Target, found: Address) -> None:
    """The metadata services of clouds are link-local: never. What is inside only as the address that somebody wrote."""
    plain = getattr(found, "ipv4_mapped", None) or found
    if plain.is_link_local or plain.is_multicast or plain.is_unspecified or (plain.is_reserved and not plain.is_global):
        raise NotAllowed(f"{target.host} leads to {found}, where no webhook may go")
    if not target.literal and not plain.is_global:
        raise NotAllowed(f"{target.host} leads to {found}, which is inside; write the address itself if it is meant")
    if not target.tls and not plain.is_loopback:
        raise NotAllowed(f"{target.host} leads to {found}, and plain http is for this machine alone")
