"""Keeping and holding through the door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jiangdun.core import kept_rows

from .conftest import Enter


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path


def test_the_auditor_sees_how_long_things_are_kept(enter: Enter) -> None:
    assert kept_rows
    auditor = enter("admin_audit")
    classes = {one["code"]: one for one in auditor.get("/api/retention").body}
    assert (classes["audit"]["days"], classes["audit"]["due"]) == (1_095, None)
    assert "只增不删" in classes["audit"]["why_zh"]
    assert (classes["persons"]["days"], classes["persons"]["due"]) == (None, 0)
    assert auditor.get("/api/retention/runs").body == []
    assert auditor.post("/api/retention/holds", {"target": "raw", "reason": "x"}).status == 403


def test_a_hold_needs_another_person_to_confirm_and_another_to_end(enter: Enter) -> None:
    commander, security = enter("duty_commander"), enter("admin_security")
    hold = commander.post("/api/retention/holds", {"target": "raw", "reason": "法院来函"}).body
    address = f"/api/retention/holds/{hold['id']}"
    own = commander.post(f"{address}/confirm")
    assert (own.status, own.body["code"]) == (403, "not_yours")
    assert security.post(f"{address}/confirm").body["confirmed_by"] != hold["held_by"]
    assert security.post(f"{address}/release").status == 409
    assert security.post(f"{address}/ask-release", {"reason": "已结案"}).status == 200
    assert security.post(f"{address}/release").status == 403
    assert commander.post(f"{address}/release").body["released_at"] is not None
    assert [one["target"] for one in enter("admin_audit").get("/api/retention/holds").body] == ["raw"]
    assert commander.post(f"{address}/release").status == 409
