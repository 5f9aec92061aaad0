"""What the ears' counters say of each source, as the board shows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SILENT_MS: Final = 60_000
"""A source unheard for so long is silent, and looks unlike an empty river."""
NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "ais": ("船舶 AIS", "AIS"),
    "jt808": ("车载终端 808", "JT/T 808 terminals"),
}

DECODED: Final[Mapping[str, str]] = {"ais": "decoded", "jt808": "reports"}
"""Which of a protocol's counters counts what was understood."""


def of(health: Mapping[str, Any], now_ms: int) -> list[dict[str, Any]]:
    """One row a source, those never heard included."""
    rows = []
    for code, (name_zh, name_en) in NAMES.items():
        last = health["last_heard_ms"].get(code)
        counted = health["counters"].get(code, {"counts": {}, "rejects": {}})
        state = "never" if last is None else "silent" if now_ms - last > SILENT_MS else "heard"
        rows.append(
            {
                "code": code,
                "state": state,
                "name_zh": name_zh,
                "name_en": name_en,
                "last_heard_ms": last,
                "links": health["links"].get(code, 0),
                "reports": counted["counts"].get(DECODED[code], 0),
                "rejected": counted["rejects"],
                "lag_s": health["lag_p99_s"].get(code),
            }
        )
    return rows


def without_ears(last: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
    """The pulse while the ears say nothing: the sources they told of last, none of them heard now."""
    unheard: dict[str, Any] = {"last_heard_ms": {}, "counters": {}, "links": {}, "lag_p99_s": {}}
    told = last.get("sources") or of(unheard, now_ms)
    rows = [{**row, "state": "never" if row["last_heard_ms"] is None else "silent"} for row in told]
    return {"t_ms": now_ms, "sources": rows, "units": last.get("units", {})}
