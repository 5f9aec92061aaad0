"""Agreements between agencies: reading them, and every step of their life."""

from __future__ import annotations

from jiangdun.web.api.agreements import acting as acting  # its routes stand beside those that read
from jiangdun.web.api.agreements.reading import router

__all__ = ["router"]
