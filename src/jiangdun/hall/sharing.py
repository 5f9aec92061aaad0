"""What agreements let agencies see of one another, bound to `core.access` in this process.

Bound at start and after every fact that may change them, before whoever caused it has an answer: a revocation that
was answered is in force. What begins or ends by the clock is in the shares themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from jiangdun.alliance import queries as alliance
from jiangdun.core import access, clock, journal
from jiangdun.core.journal import Sealed

CHANGES: Final = frozenset(
    f"alliance.{kind}"
    for kind in (
        "AgreementDrafted",
        "AgreementRevised",
        "AgreementSigned",
        "AgreementInForce",
        "AgreementSuspended",
        "AgreementResumed",
        "AgreementLeft",
        "AgreementExpired",
        "AgreementEnded",
        "AnnexActivated",
        "AnnexDeactivated",
        "AgencyLeft",
        "AllianceEnded",
    )
)
"""The facts after which agencies may see more or less of one another."""

log = structlog.get_logger()


class Sharing:
    """`changed` is told which agencies see more or less than before, whenever some do."""

    def __init__(self, changed: Callable[[frozenset[str]], None] = lambda _: None) -> None:
        self._lock = threading.Lock()
        self._changed = changed
        self.owed = True
        """Whether what is bound may be older than the tables."""

    def bind(self) -> None:
        """Read the shares and let them hold. Where they cannot be read none holds, until they can."""
        with self._lock:  # who comes later reads later: nothing older overtakes what is newer
            try:
                now = clock.now()
                changed = access.bind_shares(alliance.shares(now), now)
                self.owed = False
            except Exception:
                changed = access.bind_shares(())
                self.owed = True
                log.exception("the shares could not be read: nobody sees what is another's until they can")
        if changed:
            self._changed(changed)

    def heard(self, facts: Iterable[Sealed]) -> None:
        """Facts were committed: bind anew where they may have changed what is shared."""
        if any(fact.kind in CHANGES for fact in facts):
            self.bind()

    def lagging(self) -> None:
        """Facts were committed and not told yet: what they change holds all the same before there is an answer."""
        try:
            touched = journal.waits(CHANGES)
        except Exception:
            touched = True  # nobody can say: as if, and where the shares cannot be read either none holds
        if touched:
            self.bind()
