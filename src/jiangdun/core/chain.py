"""The chain of seals as pure arithmetic: which text is hashed, by which algorithms, onto which predecessor.

A hash covers every field of the seal and of its fact, as one canonical JSON list. SHA-256 always; SM3 (GB/T
32905) beside it from the fact `core.AlgorithmsSwitched` on. Each SM3 hash covers its own predecessor as
well, so either chain stands alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jiangdun.core import canonical

FIRST = "0" * 64
"""What the first seal names as the hash before it."""

SHA256, SM3 = "sha256", "sm3"
SWITCH = "core.AlgorithmsSwitched"
"""The kind of fact from which on another list of algorithms holds (its body names them)."""


@dataclass(frozen=True)
class Tip:
    """The end of the chain: number, SHA-256 and SM3 of the last seal, and the algorithms that hold after
    it.
    """

    number: int = 0
    sha256: str = FIRST
    sm3: str = FIRST
    algorithms: tuple[str, ...] = (SHA256,)


@dataclass(frozen=True)
class Recorded:
    """A fact exactly as its row holds it; `body` is the stored text."""

    id: int
    kind: str
    version: int
    at: datetime
    person: str
    agency: str
    rule: str
    system: str
    cause: int | None
    subject: str
    exercise: bool
    body: str


def sm3_here() -> bool:
    """Whether this Python's OpenSSL can do SM3."""
    return SM3 in hashlib.algorithms_available


def check_algorithms(names: Sequence[str]) -> tuple[str, ...]:
    """The list as it may be switched to. Raises ValueError: SHA-256 must stay, others must be known."""
    wanted = tuple(sorted(set(names)))
    if SHA256 not in wanted or not set(wanted) <= {SHA256, SM3}:
        raise ValueError("the journal's algorithms are sha256, or sha256 and sm3")
    return wanted


def link(tip: Tip, fact: Recorded, sealed_at: datetime, algorithms: tuple[str, ...]) -> Tip:
    """The tip after `fact` is sealed onto `tip` at `sealed_at`, hashed by `algorithms`."""
    fields = [
        canonical.moment(sealed_at), ",".join(algorithms), fact.id, fact.kind, fact.version,
        canonical.moment(fact.at), fact.person, fact.agency, fact.rule, fact.system, fact.cause, fact.subject,
        fact.exercise, fact.body,
    ]  # fmt: skip
    return onto(tip, fields, algorithms)


def onto(tip: Tip, fields: Sequence[Any], algorithms: tuple[str, ...]) -> Tip:
    """The tip after a row of these fields: [previous hash, number, *fields] is what each hash covers."""
    row = [tip.number + 1, *fields]
    sha256 = hashlib.sha256(canonical.text([tip.sha256, *row]).encode()).hexdigest()
    sm3 = FIRST
    if SM3 in algorithms:
        sm3 = hashlib.new(SM3, canonical.text([tip.sm3, *row]).encode()).hexdigest()
    return Tip(tip.number + 1, sha256, sm3, algorithms)
