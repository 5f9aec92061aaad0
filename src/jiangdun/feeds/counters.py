"""How often, and why: counts and rejects by protocol, rejects by device, each with a bound."""

from __future__ import annotations

from typing import Final

WORDS_MAX: Final = 256
"""Different words counted for one protocol; more go under "other"."""
DEVICES_MAX: Final = 10_000
"""Devices whose rejects are told apart; the one unheard the longest is forgotten first."""


class Counters:
    """Counts since the start of the process. A protocol's `rejects` are frames that were not taken, by
    reason.
    """

    def __init__(self, words_max: int = WORDS_MAX, devices_max: int = DEVICES_MAX) -> None:
        self._counts: dict[str, dict[str, int]] = {}
        self._rejects: dict[str, dict[str, int]] = {}
        self._devices: dict[tuple[str, str], dict[str, int]] = {}
        self._words_max, self._devices_max = words_max, devices_max

    def add(self, protocol: str, what: str, n: int = 1) -> None:
        self._into(self._counts, protocol, what, n)

    def reject(self, protocol: str, reason: str, ident: str = "") -> None:
        self._into(self._rejects, protocol, reason, 1)
        if ident:
            self.add_device(protocol, ident, reason)

    def add_device(self, protocol: str, ident: str, what: str, n: int = 1) -> None:
        key = (protocol, ident)
        counts = self._devices.pop(key, None)
        if counts is None:
            counts = {}
            if len(self._devices) >= self._devices_max:
                del self._devices[next(iter(self._devices))]
        if what not in counts and len(counts) >= self._words_max:
            what = "other"
        counts[what] = counts.get(what, 0) + n
        self._devices[key] = counts

    def get(self, protocol: str, what: str) -> int:
        return self._counts.get(protocol, {}).get(what, 0)

    def rejected(self, protocol: str, reason: str | None = None) -> int:
        """For one reason, or for all of them."""
        rejects = self._rejects.get(protocol, {})
        return sum(rejects.values()) if reason is None else rejects.get(reason, 0)

    def device(self, protocol: str, ident: str) -> dict[str, int]:
        return dict(self._devices.get((protocol, ident), {}))

    def snapshot(self) -> dict[str, dict[str, dict[str, int]]]:
        """protocol -> {"counts": {what: n}, "rejects": {reason: n}}, a copy."""
        protocols = sorted({*self._counts, *self._rejects})
        return {
            protocol: {
                "counts": dict(self._counts.get(protocol, {})),
                "rejects": dict(self._rejects.get(protocol, {})),
            }
            for protocol in protocols
        }

    def worst(self, limit: int = 20) -> list[dict[str, object]]:
        """The devices with the most rejects, for the health page."""
        order = sorted(self._devices.items(), key=lambda item: -sum(item[1].values()))[:limit]
        return [{"source": s, "ident": i, "rejects": dict(counts)} for (s, i), counts in order]

    def _into(self, table: dict[str, dict[str, int]], protocol: str, what: str, n: int) -> None:
        counts = table.setdefault(protocol, {})
        if what not in counts and len(counts) >= self._words_max:
            what = "other"
        counts[what] = counts.get(what, 0) + n
