"""What every test shares: settings of a throw-away installation, and how hard to try."""

from __future__ import annotations

import os
import tempfile

from hypothesis import HealthCheck, settings

os.environ.setdefault("JIANGDUN_HOME", tempfile.mkdtemp(prefix="jiangdun-test-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiangdun.hall.settings")

pytest_plugins = ["plugins.sql_guard", "plugins.journal_tables"]

settings.register_profile(
    "default", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "soak", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
