"""Durations, speeds and days as people write them in a rule."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Final

from .columns import UTC_OFFSET_MS
from .errors import Lang, RuleError, clipped, wrong

MAX_DURATION_MS: Final = 31 * 86_400_000
MAX_SPEED_DKN: Final = 1_022
"""102.2 kn: the greatest speed AIS can carry."""

_UNIT_MS: Final = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_UNIT_ZH: Final = {"秒": "s", "分": "min", "分钟": "min", "时": "h", "小时": "h", "天": "d"}
_KN: Final = {"kn": Decimal(1), "km/h": 1 / Decimal("1.852"), "m/s": Decimal("3.6") / Decimal("1.852")}
_M: Final = {"m": Decimal(1), "km": Decimal(1_000), "nm": Decimal(1_852)}
_M_ZH: Final = {"米": "m", "公里": "km", "千米": "km", "海里": "nm"}
_AMOUNT: Final = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*([a-z/]{1,6}|[\u4e00-\u9fff]{1,2})\s*\Z")


def duration_ms(text: object) -> int:
    """`20 min`, `2 h`, `90 s`, `1.5 h`, `3 d`, also 秒 分钟 小时 天. RuleError where it is anything else."""
    match = _AMOUNT.match(text) if isinstance(text, str) and len(text) <= 40 else None
    unit = _UNIT_ZH.get(match[2], match[2]) if match else ""
    if match is None or unit not in _UNIT_MS:
        raise RuleError(
            wrong(
                f"“{clipped(text)}”不是时长",
                f"'{clipped(text)}' is not a duration",
                "请写数字和单位，如 20 min、2 h、90 s",
                "write a number and a unit, as 20 min, 2 h, 90 s",
            )
        )
    ms = Decimal(match[1]) * _UNIT_MS[unit]
    if ms > MAX_DURATION_MS:
        raise RuleError(
            wrong(
                f"时长“{clipped(text)}”太长",
                f"the duration '{clipped(text)}' is too long",
                "最长 31 天",
                "31 d is the longest",
            )
        )
    return int(ms)


def speed_dkn(text: object) -> int:
    """`10 kn`, `15 km/h`, `4 m/s`, to the nearest 0.1 kn (half to even)."""
    match = _AMOUNT.match(text) if isinstance(text, str) and len(text) <= 40 else None
    unit = "kn" if match and match[2] == "节" else match[2] if match else ""
    if match is None or unit not in _KN:
        raise RuleError(
            wrong(
                f"“{clipped(text)}”不是速度",
                f"'{clipped(text)}' is not a speed",
                "请写数字和单位，如 10 kn、15 km/h、4 m/s",
                "write a number and a unit, as 10 kn, 15 km/h, 4 m/s",
            )
        )
    dkn = int((Decimal(match[1]) * _KN[unit] * 10).to_integral_value(ROUND_HALF_EVEN))
    if not 0 < dkn <= MAX_SPEED_DKN:
        raise RuleError(
            wrong(
                f"速度“{clipped(text)}”超出范围",
                f"the speed '{clipped(text)}' is out of range",
                "请写 0.1 kn 至 102.2 kn",
                "write 0.1 kn to 102.2 kn",
            )
        )
    return dkn


def distance_m(text: object, most: float) -> float:
    """`30 m`, `1.5 km`, `0.3 nm`, also 米 公里 海里; above 0 and at most `most` metres."""
    match = _AMOUNT.match(text) if isinstance(text, str) and len(text) <= 40 else None
    unit = _M_ZH.get(match[2], match[2]) if match else ""
    if match is None or unit not in _M:
        raise RuleError(
            wrong(
                f"“{clipped(text)}”不是距离",
                f"'{clipped(text)}' is not a distance",
                "请写数字和单位，如 30 m、1.5 km、0.3 nm",
                "write a number and a unit, as 30 m, 1.5 km, 0.3 nm",
            )
        )
    metres = float(Decimal(match[1]) * _M[unit])
    if not 0 < metres <= most:
        raise RuleError(
            wrong(
                f"距离“{clipped(text)}”超出范围",
                f"the distance '{clipped(text)}' is out of range",
                f"请写大于 0、不超过 {most:g} m 的距离",
                f"write more than 0 and at most {most:g} m",
            )
        )
    return metres


def day_ms(value: object, *, after: bool = False) -> int:
    """Start of a local day (UTC+8), or of the day after; a moment with its own zone is taken as it stands."""
    try:
        moment = value if isinstance(value, date) else datetime.fromisoformat(str(value)[:40])
        if not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
            return _local_ms(moment + timedelta(days=1 if after else 0))
        if moment.tzinfo is not None:
            return _whole_ms(moment)
        local = moment.replace(tzinfo=UTC)
        whole_day = (local.hour, local.minute, local.second) == (0, 0, 0) and len(str(value)) <= 10
        return _local_ms(local + timedelta(days=1 if after and whole_day else 0))
    except (ValueError, OverflowError) as error:
        raise RuleError(
            wrong(
                f"“{clipped(value)}”不是日期",
                f"'{clipped(value)}' is not a date",
                "请写 2026-03-01 或 2026-03-01T08:00+08:00",
                "write 2026-03-01 or 2026-03-01T08:00+08:00",
            )
        ) from error


def iso_day(value: str) -> str:
    """The day itself, checked: laws are older than 1970."""
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise RuleError(
            wrong(
                f"“{clipped(value)}”不是日期",
                f"'{clipped(value)}' is not a date",
                "请写如 2023-07-20",
                "write as 2023-07-20",
            )
        ) from error


def _local_ms(moment: datetime) -> int:
    return _whole_ms(moment) - UTC_OFFSET_MS


def _whole_ms(moment: datetime) -> int:
    ms = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    if ms < 0:
        raise ValueError("before 1970")
    return ms


def said_duration(ms: int | float, lang: Lang) -> str:
    """The largest unit that fits twice (or wholly once), with the next below it: 90 s, 2 h, 3 min 10 s."""
    units = (("d", "天"), ("h", "小时"), ("min", "分钟"), ("s", "秒"))
    ms = round(ms)
    for (en, zh), (small, small_zh) in pairwise(units):
        if ms >= 2 * _UNIT_MS[en] or ms == _UNIT_MS[en]:
            rest = ms % _UNIT_MS[en] // _UNIT_MS[small]
            first = f"{ms // _UNIT_MS[en]} {zh if lang == 'zh' else en}"
            return f"{first} {rest} {small_zh if lang == 'zh' else small}" if rest else first
    return f"{ms / 1000:g} {'秒' if lang == 'zh' else 's'}"


def said_distance(metres: float, lang: Lang) -> str:
    """Metres, or kilometres from 1,000 on."""
    if metres >= 1_000:
        return f"{metres / 1_000:g} {'公里' if lang == 'zh' else 'km'}"
    return f"{metres:g} {'米' if lang == 'zh' else 'm'}"


def said_speed(kn: float, lang: Lang) -> str:
    """Knots and km/h: both are posted on the river."""
    return f"{kn:.1f} 节（{kn * 1.852:.1f} km/h）" if lang == "zh" else f"{kn:.1f} kn ({kn * 1.852:.1f} km/h)"
