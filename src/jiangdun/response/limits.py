"""The limits response works by: how long a clock runs, how near is near. Defaults here, changes are data.

A limit carries its unit, legal basis and how well it is known: `V` read in a source, `C` our default where no
public number was found (an agency approves it), `M` from memory. Changed limits are rows with a validity; the
newest row in force for an agency wins over a row for everybody, which wins over the default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Limit:
    """One number in force. `valid_from` and `valid_to` are aware UTC; None is open. `agency` "" means every
    agency.
    """

    key: str
    value: float
    unit: Literal["s", "m", "share"]
    basis_zh: str
    basis_en: str
    mark: Literal["V", "C", "M"]
    least: float
    most: float
    agency: str = ""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    version: int = 0  # 0 is the default of this release


_S2_ZH: Final = "“1310”响应机制:1 分钟签收流转、3 分钟通知处置、10 分钟到达现场"
_S2_EN: Final = "the 1-3-10 mechanism: sign within 1 min, notify within 3, on scene within 10"
_OWN_ZH: Final = "本平台默认值,由主管机关核定"
_OWN_EN: Final = "default of this platform, for the competent agency to approve"

DEFAULTS: Final[Mapping[str, Limit]] = {
    limit.key: limit
    for limit in (
        Limit("clock.sign_s", 60, "s", _S2_ZH, _S2_EN, "V", 5, 86_400),
        Limit("clock.notify_s", 180, "s", _S2_ZH, _S2_EN, "V", 5, 86_400),
        Limit("clock.arrive_s", 600, "s", _S2_ZH, _S2_EN, "V", 5, 86_400),
        Limit("clock.triage_s", 600, "s", _OWN_ZH, _OWN_EN, "C", 5, 86_400),
        Limit("clock.amber_share", 0.7, "share", _OWN_ZH, _OWN_EN, "C", 0.05, 0.99),
        Limit("clock.warn_share", 0.5, "share", _OWN_ZH, _OWN_EN, "C", 0.05, 0.99),
        Limit("breach.reason_s", 86_400, "s", _OWN_ZH, _OWN_EN, "C", 60, 2_592_000),
        Limit("scene.water_m", 200, "m", _OWN_ZH, _OWN_EN, "C", 5, 10_000),
        Limit("scene.land_m", 100, "m", _OWN_ZH, _OWN_EN, "C", 5, 10_000),
        Limit("scene.fix_age_s", 60, "s", _OWN_ZH, _OWN_EN, "C", 1, 600),
    )
}


class UnknownLimit(KeyError):
    """There is no limit of that key; `DEFAULTS` names them all."""


def in_force(rows: Iterable[Limit], key: str, at: datetime, agency: str = "") -> Limit:
    """The limit `key` that binds `agency` at `at`: its own row, else a row for everybody, else the default.

    Of several rows in force the highest version wins.
    """
    if key not in DEFAULTS:
        raise UnknownLimit(key)
    valid = [row for row in rows if row.key == key and row.agency in ("", agency) and _covers(row, at)]
    return max(valid, key=lambda row: (row.agency != "", row.version), default=DEFAULTS[key])


def _covers(row: Limit, at: datetime) -> bool:
    return (row.valid_from is None or row.valid_from <= at) and (row.valid_to is None or at < row.valid_to)
