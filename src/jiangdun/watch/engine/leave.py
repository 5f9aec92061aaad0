"""leave: from inside to outside. The confirmed state is that of `enter.py`; here is when it was crossed."""

from __future__ import annotations

from .enter import PlainEdge, due_edge, step_edge
from .geometry import crossing
from .jit import Ints, Shorts, kernel

__all__ = ["PlainEdge", "crossed_at", "due_edge", "step_edge"]


@kernel
def crossed_at(
    edges: Shorts, zones: Ints, zone: int, x0: int, y0: int, x1: int, y1: int, before: int, t: int, out: bool
) -> int:
    """When the way from the fix before crossed the border: the first touch going in, the last going out.

    `t` itself where the way touches no edge. Rounded down to the ms.
    """
    at = crossing(edges, zones, zone, x0, y0, x1, y1, t - before, out)
    return t if at < 0 else before + at
