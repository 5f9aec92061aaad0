"""Exact plane geometry on the 1/600000 degree lattice: all products fit int64, nothing is rounded.

Edges are canonical: from the lower end (ax, ay) to the upper (bx, by); level ones run from left to right.
Coordinates are below 2^27 and are doubled, so that cell centres can lie between lattice points: differences
are below 2^29, products below 2^58.
"""

from __future__ import annotations

from .jit import Ints, Shorts, kernel
from .layout import REF_INSIDE, Z_EDGES, Z_EDGES_END


@kernel
def side(ax: int, ay: int, bx: int, by: int, px: int, py: int) -> int:
    """Twice the signed area of a-b-p: positive when p lies left of the way from a to b."""
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax)


@kernel
def inside_cell(edges: Shorts, e0: int, e1: int, kind: int, rx: int, ry: int, px: int, py: int) -> bool:
    """Whether (px, py) lies in the zone part whose edges across this cell are e0..e1; the border counts as inside.

    (rx, ry) is the cell's reference point in doubled coordinates, both odd; `kind` says on which side it is.
    The way from the reference runs level to px and then straight up or down to py, a hair right of px: so an
    edge that ends on it is crossed or not by one and the same reading (see docs/decisions/0004-engine.md).
    """
    odd = kind == REF_INSIDE
    x = px * 2
    y = py * 2
    for e in range(e0, e1):
        ax = int(edges[e, 0]) * 2
        ay = int(edges[e, 1]) * 2
        bx = int(edges[e, 2]) * 2
        by = int(edges[e, 3]) * 2
        at_point = side(ax, ay, bx, by, x, y)
        if at_point == 0 and ay <= y <= by and min(ax, bx) <= x <= max(ax, bx):
            return True
        level = ay < ry < by
        upright = (ax > x) != (bx > x)
        if level or upright:
            at_corner = side(ax, ay, bx, by, x, ry) > 0
            if level and (side(ax, ay, bx, by, rx, ry) > 0) != at_corner:
                odd = not odd
            if upright and at_corner != (at_point > 0):
                odd = not odd
    return odd


@kernel
def touches(ax: int, ay: int, bx: int, by: int, px: int, py: int, qx: int, qy: int) -> bool:
    """Whether the closed segments a-b and p-q share a point."""
    if max(ax, bx) < min(px, qx) or max(px, qx) < min(ax, bx):
        return False
    if max(ay, by) < min(py, qy) or max(py, qy) < min(ay, by):
        return False
    p = side(ax, ay, bx, by, px, py)
    q = side(ax, ay, bx, by, qx, qy)
    if (p > 0 and q > 0) or (p < 0 and q < 0):
        return False
    a = side(px, py, qx, qy, ax, ay)
    b = side(px, py, qx, qy, bx, by)
    return not ((a > 0 and b > 0) or (a < 0 and b < 0))


@kernel
def share(duration: int, part: int, whole: int) -> int:
    """floor(duration * part / whole), exact although the product may not fit: 0 <= part <= whole < 2^60."""
    result = 0
    rest = 0
    bit = 1 << 40
    while bit > duration and bit > 1:
        bit >>= 1
    while bit > 0:
        result *= 2
        rest *= 2
        if duration & bit:
            rest += part
        while rest >= whole:
            rest -= whole
            result += 1
        bit >>= 1
    return result


@kernel
def crossing(
    edges: Shorts, zones: Ints, zone: int, px: int, py: int, qx: int, qy: int, duration: int, last: bool
) -> int:
    """When, after p, the way p-q first (or last) touches an edge of the zone: ms, rounded down; -1 if it never does."""
    found = -1
    dx = qx - px
    dy = qy - py
    for e in range(zones[zone, Z_EDGES], zones[zone, Z_EDGES_END]):
        ax = int(edges[e, 0])
        ay = int(edges[e, 1])
        bx = int(edges[e, 2])
        by = int(edges[e, 3])
        if not touches(ax, ay, bx, by, px, py, qx, qy):
            continue
        whole = dx * (by - ay) - dy * (bx - ax)
        if whole != 0:
            part = (ax - px) * (by - ay) - (ay - py) * (bx - ax)
            if whole < 0:
                part = -part
                whole = -whole
            found = _better(found, share(duration, part, whole), last)
        else:  # along the edge: its ends that lie on the way (or the way's own ends) are the first and last touch
            whole = dx * dx + dy * dy
            if whole == 0:
                found = _better(found, 0, last)
                continue
            one = min(max((ax - px) * dx + (ay - py) * dy, 0), whole)
            two = min(max((bx - px) * dx + (by - py) * dy, 0), whole)
            found = _better(found, share(duration, one, whole), last)
            found = _better(found, share(duration, two, whole), last)
    return found


@kernel
def _better(found: int, new: int, last: bool) -> int:
    if found < 0:
        return new
    return max(found, new) if last else min(found, new)
