"""The best library ways we know of parts of the engine's work, for the rows beside ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from jiangdun.feeds.columns import DEGREE
from jiangdun.watch.rules import spec

Ints = npt.NDArray[np.int64]


def shapely_pairs(zones: list[spec.ZoneSpec], xs: Ints, ys: Ints) -> tuple[Ints, Ints]:
    """(point, zone): points sorted by x, a slice a zone, prepared `contains_xy`. Without the border."""
    polygons = [shapely.Polygon(z.polygons[0][0]) for z in zones]
    shapely.prepare(polygons)
    order = np.argsort(xs)
    px, py = xs[order] / DEGREE, ys[order] / DEGREE
    points, hits = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for i, polygon in enumerate(polygons):
        x0, y0, x1, y1 = polygon.bounds
        a, b = np.searchsorted(px, (x0, x1))
        near = np.flatnonzero((py[a:b] >= y0) & (py[a:b] <= y1)) + a
        inside = near[shapely.contains_xy(polygon, px[near], py[near])]
        points.append(order[inside])
        hits.append(np.full(len(inside), i))
    return np.concatenate(points), np.concatenate(hits)


def stays(
    rules: list[spec.RuleSpec], zones: list[spec.ZoneSpec], frame: pl.DataFrame, pairs: pl.DataFrame
) -> int:
    """The stay rules alone, by runs of slow reports a track and zone: no tolerance, exemption, cooldown, silence."""
    found = 0
    kinds = pl.DataFrame(
        {"zone": np.arange(len(zones)), "class": [z.kind for z in zones], "id": [z.zone_id for z in zones]}
    )
    inside = pairs.join(kinds, on="zone").join(frame.select("point", "track", "t", "sog_dkn"), on="point")
    for rule in rules:
        when: Any = rule.when
        if not isinstance(when, spec.Stay) or when.place is None:
            continue
        here = inside.filter(
            pl.col("class") == when.place.kind if when.place.kind else pl.col("id") == when.place.zone_id
        ).sort("track", "zone", "t")
        runs = here.with_columns(slow=pl.col("sog_dkn") < 15).with_columns(
            run=pl.col("slow").rle_id().over("track", "zone")
        )
        spans = runs.filter("slow").group_by("track", "zone", "run").agg(
            start=pl.col("t").min(), end=pl.col("t").max()
        )  # fmt: skip
        found += len(spans.filter(pl.col("end") - pl.col("start") >= when.for_ms))
    return found
