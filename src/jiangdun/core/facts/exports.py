"""What is announced of exports."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiangdun.core.kinds import fact


@fact("core.ExportAsked")
@dataclass(frozen=True)
class ExportAsked:
    """Somebody asked for rows. `expected` rows (one above the limit: more than it); `waits` for a second person."""

    export: UUID
    what: str
    agency: str
    purpose: str
    expected: int
    waits: bool


@fact("core.ExportDecided")
@dataclass(frozen=True)
class ExportDecided:
    """A second person let an export go, or did not."""

    export: UUID
    what: str
    agency: str
    approved: bool


@fact("core.ExportReady")
@dataclass(frozen=True)
class ExportReady:
    """An export's file lies in the vault under its hash."""

    export: UUID
    what: str
    agency: str
    rows: int
    sha256: str
    annexes: tuple[str, ...]


@fact("core.ExportEnded")
@dataclass(frozen=True)
class ExportEnded:
    """An export came to nothing: `cancelled` by whoever asked, or `failed` with the kind of trouble."""

    export: UUID
    what: str
    agency: str
    how: str
    trouble: str


@fact("core.ExportTaken")
@dataclass(frozen=True)
class ExportTaken:
    """An export's file was downloaded, for the n-th time."""

    export: UUID
    what: str
    agency: str
    rows: int
    download: int


@fact("core.OddExports")
@dataclass(frozen=True)
class OddExports:
    """Somebody exports more in a day than is usual: somebody should look."""

    person: str
    agency: str
    exports: int
    rows: int
