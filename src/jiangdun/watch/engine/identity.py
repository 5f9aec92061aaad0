"""identity: two places at once, an impossible way, another length or kind. Words: docs/operators.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from jiangdun.feeds.columns import NO_LENGTH, Kind

from .jit import Ints, kernel
from .layout import W_COUNT, W_ENTRIES
from .limits import CLAIM_MS, CLAIMS_MAX
from .sphere import far2, plain_far2

CLAIM_WIDTH: Final = 5
C_T, C_XY, C_FIXES, C_SINCE, C_SAID = range(CLAIM_WIDTH)
CLONE: Final = 0
JUMP: Final = 1
CHANGE: Final = 2
NO_KIND: Final = int(Kind.UNKNOWN_VESSEL)


@kernel
def _reached(
    windows: Ints, w: int, at: int, cosines: Ints, t: int, x: int, y: int, over_dkn: int, slack: int
) -> int:
    """The square of the distance from a claim's last fix, if it could come so far in the time; else -1."""
    gap = t - windows[w, at + C_T]
    if gap > CLAIM_MS:
        return -1
    xy = windows[w, at + C_XY]
    far = far2(cosines, xy >> 32, ((xy & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000, x, y)
    reach = slack + over_dkn * gap // 3_600
    return far if far <= reach * reach else -1


@kernel
def step_claims(
    windows: Ints, w: int, cosines: Ints, t: int, xy: int, over_dkn: int, slack: int, fixes: int, kind: int
) -> int:
    """Take one report that counts: since when there is a clone (or the way is impossible), or -1.

    The claims are those vessels that the reports so far could be; the one heard last stands first.
    """
    n = windows[w, W_COUNT]
    x = xy >> 32
    y = ((xy & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000
    best = -1
    least = 0
    for i in range(n):
        far = _reached(windows, w, W_ENTRIES + i * CLAIM_WIDTH, cosines, t, x, y, over_dkn, slack)
        if far >= 0 and (best < 0 or far < least):
            best = i
            least = far
    since = -1
    first = W_ENTRIES
    if kind == JUMP:
        if n > 0 and t - windows[w, first + C_T] <= CLAIM_MS:
            reached = _reached(windows, w, first, cosines, t, x, y, over_dkn, slack)
            since = windows[w, first + C_T] if reached < 0 else -1
    elif best > 0:
        here = W_ENTRIES + best * CLAIM_WIDTH
        later = here if windows[w, here + C_SINCE] > windows[w, first + C_SINCE] else first
        if (
            windows[w, here + C_FIXES] + 1 >= fixes
            and windows[w, first + C_FIXES] >= fixes
            and windows[w, later + C_SAID] == 0
        ):
            windows[w, later + C_SAID] = 1
            since = windows[w, later + C_SINCE]
    count = 1
    begun = t
    said = 0
    if best >= 0:
        here = W_ENTRIES + best * CLAIM_WIDTH
        count = windows[w, here + C_FIXES] + 1
        begun = windows[w, here + C_SINCE]
        said = windows[w, here + C_SAID]
    else:
        best = min(n, CLAIMS_MAX - 1)
        windows[w, W_COUNT] = best + 1 if best == n else n
    for k in range(W_ENTRIES + best * CLAIM_WIDTH - 1, W_ENTRIES - 1, -1):
        windows[w, k + CLAIM_WIDTH] = windows[w, k]
    windows[w, first + C_T] = t
    windows[w, first + C_XY] = xy
    windows[w, first + C_FIXES] = count
    windows[w, first + C_SINCE] = begun
    windows[w, first + C_SAID] = said
    return since


@kernel
def step_change(windows: Ints, w: int, length: int, kind: int) -> int:
    """Take one report that counts: what was known before (length << 8 | kind) if it is something else now, else -1."""
    known = windows[w, W_ENTRIES] if windows[w, W_COUNT] > 0 else (NO_LENGTH << 8) | NO_KIND
    was_length = known >> 8
    was_kind = known & 0xFF
    changed = (length != NO_LENGTH and was_length != NO_LENGTH and length != was_length) or (
        kind != NO_KIND and was_kind != NO_KIND and kind != was_kind
    )
    now_length = was_length if length == NO_LENGTH else length
    now_kind = was_kind if kind == NO_KIND else kind
    windows[w, W_COUNT] = 1
    windows[w, W_ENTRIES] = (now_length << 8) | now_kind
    return known if changed else -1


@dataclass
class Claim:
    number: int
    t: int
    at: tuple[int, int]
    fixes: int
    since: int
    said: bool = False


@dataclass
class PlainClaims:
    """The slow twin: the vessels one number stands for, the one heard last first."""

    over_dkn: int
    slack: int
    fixes: int
    claims: list[Claim] = field(default_factory=list)
    begun: int = 0

    def _reaches(self, claim: Claim, t: int, at: tuple[int, int]) -> bool:
        reach = self.slack + self.over_dkn * (t - claim.t) // 3_600
        return t - claim.t <= CLAIM_MS and plain_far2(claim.at, at) <= reach**2

    def jump(self, t: int, at: tuple[int, int]) -> int | None:
        """When the report before was, if there is no coming from it."""
        last = self.claims[0] if self.claims else None
        self.clone(t, at)
        if last is None or t - last.t > CLAIM_MS or self._reaches(last, t, at):
            return None
        return last.t

    def clone(self, t: int, at: tuple[int, int]) -> int | None:
        """Since when there are two, if this report goes back to one that was left for another."""
        near = [c for c in self.claims if self._reaches(c, t, at)]
        since = None
        if near:
            joined = min(near, key=lambda c: plain_far2(c.at, at))
            left = self.claims[0]
            if joined is not left and joined.fixes + 1 >= self.fixes and left.fixes >= self.fixes:
                later = joined if joined.since > left.since else left
                if not later.said:
                    later.said, since = True, later.since
            self.claims.remove(joined)
            joined = Claim(joined.number, t, at, joined.fixes + 1, joined.since, joined.said)
        else:
            joined = Claim(self.begun, t, at, 1, t)
            self.begun += 1
        self.claims = [joined, *self.claims][:CLAIMS_MAX]
        return since


@dataclass
class PlainChange:
    length: int = NO_LENGTH
    kind: int = NO_KIND

    def take(self, length: int, kind: int) -> tuple[int, int] | None:
        """Length and kind as known before, if one of them is another now."""
        before = (self.length, self.kind)
        changed = NO_LENGTH not in (length, self.length) and length != self.length
        changed |= NO_KIND not in (kind, self.kind) and kind != self.kind
        self.length, self.kind = length or self.length, kind or self.kind
        return before if changed else None


def split(fixes: Iterable[tuple[int, int, int]], over_dkn: int = 350, slack_units: int = 5_400) -> list[int]:
    """Which vessel each (t, lon, lat) of one number is, in the order of t: numbers from 0 on, as clone has it."""
    claims = PlainClaims(over_dkn, slack_units, 1)
    found = []
    for t, lon, lat in fixes:
        claims.clone(t, (lon, lat))
        found.append(claims.claims[0].number)
    return found
