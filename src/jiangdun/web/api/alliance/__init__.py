"""The alliance, one file a subject."""

from __future__ import annotations

from ninja import Router

from jiangdun.web.api.alliance import register

router = Router()
router.add_router("", register.router)
