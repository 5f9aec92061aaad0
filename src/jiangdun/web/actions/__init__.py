"""The verbs that change who is signed in. Like all writing they run in the one writer (`desk.do`)."""

from __future__ import annotations

from .sessions import (
    close_session,
    end_idle,
    end_sessions,
    open_session,
    prove_session,
    renew_session,
    sign_in,
    touch_session,
)

__all__ = [
    "close_session", "end_idle", "end_sessions", "open_session", "prove_session", "renew_session", "sign_in",
    "touch_session",
]  # fmt: skip
