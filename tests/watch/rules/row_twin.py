"""The slow twin of `evaluate`: one report at a time, in Python's own values, straight from sqlglot's tree.

It shares nothing with the fast way but the parser: NULL is None, three-valued logic is written out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import sqlglot
from sqlglot import exp

from jiangdun.feeds.columns import Flag, Kind

Row = Mapping[str, Any]


def values_of(raw: Row) -> dict[str, Any]:
    """The documented columns of one raw report, but for is_night (given as `night`)."""
    flags = int(raw["flags"])
    load = "full" if flags & Flag.LOAD_FULL else "half" if flags & Flag.LOAD_HALF else "empty"
    hours = ((int(raw["t"]) + 28_800_000) % 86_400_000) / 3_600_000
    return {
        "track": int(raw["track"]),
        "speed_kn": None if raw["sog_dkn"] == 65_535 else int(raw["sog_dkn"]) / 10,
        "course_deg": None if raw["cog_ddeg"] == 65_535 else int(raw["cog_ddeg"]) / 10,
        "heading_deg": None if raw["heading_ddeg"] == 65_535 else int(raw["heading_ddeg"]) / 10,
        "length_m": None if raw["length_dm"] == 0 else int(raw["length_dm"]) / 10,
        "kind": Kind(int(raw["kind"])).name.lower(),
        "nav_status": None if raw["nav"] == 15 else float(raw["nav"]),
        "lon": int(raw["lon"]) / 600_000,
        "lat": int(raw["lat"]) / 600_000,
        "hour_local": hours,
        "is_night": bool(raw["night"]),
        "sos": bool(flags & Flag.SOS),
        "load": load if flags & Flag.LOAD_KNOWN else None,
    }


def holds(text: str, raw: Row, references: Mapping[str, frozenset[int]]) -> bool:
    """Whether the condition is true (not false, not NULL) of one report."""
    tree = sqlglot.parse_one(f"SELECT 1 WHERE {text}", dialect="postgres").args["where"].this
    return _value(tree, values_of(raw), references) is True


def _value(node: exp.Expression, row: Row, refs: Mapping[str, frozenset[int]]) -> Any:
    def of(part: exp.Expression) -> Any:
        return _value(part, row, refs)

    match node:
        case exp.Paren():
            return of(node.this)
        case exp.Column():
            return row[node.name.lower()]
        case exp.Literal():
            return node.name if node.is_string else float(node.name)
        case exp.Boolean():
            return bool(node.this)
        case exp.Neg():
            value = of(node.this)
            return None if value is None else -value
        case exp.And():
            left, right = of(node.this), of(node.expression)
            if left is False or right is False:
                return False
            return None if left is None or right is None else True
        case exp.Or():
            left, right = of(node.this), of(node.expression)
            if left is True or right is True:
                return True
            return None if left is None or right is None else False
        case exp.Not():
            value = of(node.this)
            return None if value is None else not value
        case exp.Is():
            known = of(node.this) is not None
            return known if node.args.get("negate") else not known
        case exp.In():
            value = of(node.this)
            return None if value is None else any(value == of(each) for each in node.expressions)
        case exp.Between():
            value, low, high = of(node.this), of(node.args["low"]), of(node.args["high"])
            above = None if value is None or low is None else value >= low
            below = None if value is None or high is None else value <= high
            if above is False or below is False:
                return False
            return None if above is None or below is None else True
        case exp.Anonymous():
            return row["track"] in refs.get(node.expressions[0].name, frozenset())
        case exp.Abs():
            value = of(node.this)
            return None if value is None else abs(value)
        case exp.Coalesce():
            return next((v for v in map(of, (node.this, *node.expressions)) if v is not None), None)
        case exp.Least() | exp.Greatest():
            known = [v for v in map(of, (node.this, *node.expressions)) if v is not None]
            pick = min if isinstance(node, exp.Least) else max
            return pick(known) if known else None
    left, right = of(node.this), of(node.expression)
    if left is None or right is None:
        return None
    return _operation(node, left, right)


def _operation(node: exp.Expression, left: Any, right: Any) -> Any:
    match node:
        case exp.EQ():
            return left == right
        case exp.NEQ():
            return left != right
        case exp.LT():
            return left < right
        case exp.LTE():
            return left <= right
        case exp.GT():
            return left > right
        case exp.GTE():
            return left >= right
        case exp.Add():
            value = left + right
        case exp.Sub():
            value = left - right
        case exp.Mul():
            value = left * right
        case exp.Div():
            if right == 0:
                return None
            value = left / right
        case _:
            raise AssertionError(f"the twin does not know {type(node).__name__}")
    return value if math.isfinite(value) else None
