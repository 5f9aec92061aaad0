"""The verbs that change who is signed in. Like all writing they run in the one writer (`desk.do`)."""

from __future__ import annotations

from .sessions import (
    close_session,
    end_idle,
    end_sessions,
    open_session,
    prove_session,
    renew_session,
    touch_session,
)
from .steps import (
    Shown,
    add_key,
    ask_session,
    ask_step,
    let_in,
    prove_by_factor,
    sign_in,
    take_step,
)
from .walls import give_pass, pass_by_key, pass_by_secret, sign_in_wall, take_pass

__all__ = [
    "Shown", "add_key", "ask_session", "ask_step", "close_session", "end_idle", "end_sessions", "give_pass", "let_in",
    "open_session", "pass_by_key", "pass_by_secret",
    "prove_by_factor", "prove_session", "renew_session", "sign_in", "sign_in_wall", "take_pass",
    "take_step", "touch_session",
]  # fmt: skip
