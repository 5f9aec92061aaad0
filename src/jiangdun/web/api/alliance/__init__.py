"""The alliance, one file a subject."""

from __future__ import annotations

from ninja import Router

from jiangdun.web.api.alliance import chiefs, joint, networks, register, structure

router = Router()
router.add_router("", register.router)
router.add_router("", networks.router)
router.add_router("", structure.router)
router.add_router("", chiefs.router)
router.add_router("", joint.router)
