"""What the clock does in the alliance: who answers when a deadline is due."""

from __future__ import annotations

from typing import Final

from jiangdun.alliance.actions import agreement_times, chiefs

TIMERS: Final = {**agreement_times.TIMERS, **chiefs.TIMERS}
