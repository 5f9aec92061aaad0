"""From where somebody may come: lists of networks such as `10.1.0.0/16` or `2001:db8:7::/48`, or of addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, Final

NETWORKS_MAX: Final = 64
"""Networks one list may have."""


def are_networks(value: Any) -> bool:
    """Whether `value` is a list of at most `NETWORKS_MAX` networks or addresses."""
    if type(value) is not list or len(value) > NETWORKS_MAX:
        return False
    try:
        return all(type(one) is str and bool(ipaddress.ip_network(one)) for one in value)
    except ValueError:
        return False


def within(address: str, networks: Iterable[str]) -> bool:
    """Whether `address` lies in one of `networks`; True where there are none, False for what is no address."""
    listed = [ipaddress.ip_network(one) for one in networks]
    if not listed:
        return True
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip in network for network in listed)
