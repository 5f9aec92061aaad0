"""Trouble a person can mend. The text is made at the edge, in the language of whoever asked; here is only
its code.

The world being wrong is a `BadFrame` (feeds); our being wrong is an assertion. This is the third kind.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Trouble(Exception):
    """Something a person can mend. `code` names the sentence, `values` fill it."""

    usual: ClassVar[str] = "trouble"

    def __init__(self, code: str = "", /, **values: Any) -> None:
        self.code = code or self.usual
        self.values = values
        super().__init__(self.code, values)

    def __str__(self) -> str:
        return f"{self.code} {self.values}" if self.values else self.code


class NotFound(Trouble):
    """There is no such thing, or the asker may not know that there is."""

    usual = "not_found"


class NotYours(Trouble):
    """The asker may not do this; `reason` is the code of the denial."""

    usual = "not_yours"


class WrongState(Trouble):
    """The thing is in a state from which this cannot be done."""

    usual = "wrong_state"


class AlreadySigned(WrongState):
    """Somebody has signed before; `by` says who."""

    usual = "already_signed"


class StaleVersion(Trouble):
    """The asker looked at an older version: read again, then decide again."""

    usual = "stale_version"


class OverLimit(Trouble):
    """A named limit is reached; `limit` says which."""

    usual = "over_limit"


class BadInput(Trouble):
    """What was given cannot be used; `field` and `reason` say what to change."""

    usual = "bad_input"


class AlreadyThere(Trouble):
    """Something with this name exists."""

    usual = "already_there"


class WrongCredentials(Trouble):
    """Name or password are wrong; which of the two is not said."""

    usual = "wrong_credentials"


class LockedOut(Trouble):
    """Too many bad tries; `until` says when the next one counts."""

    usual = "locked_out"


class Busy(Trouble):
    """The writer's queue is full: try again in a moment."""

    usual = "busy"
