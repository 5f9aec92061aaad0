"""News of the register."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiangdun.core.journal import fact


@fact("alliance.AgencyFounded")
@dataclass(frozen=True)
class AgencyFounded:
    """An agency became a member."""

    agency: UUID
    code: str
    name_zh: str
    name_en: str
    domain: str
    demo: bool
