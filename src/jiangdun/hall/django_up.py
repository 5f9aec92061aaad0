"""Django, made ready for a process of this installation."""

from __future__ import annotations

import importlib
import os
from datetime import timedelta

import django

from jiangdun.core import clock


def ready() -> None:
    """Settings and apps loaded, the clock's constant set, access bound. Nothing is written.

    Raises SystemExit, which says what to do, for settings that cannot be read.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiangdun.hall.settings")
    try:
        importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except (ValueError, OSError) as error:
        raise SystemExit(
            f"✘ {error}\n→ 执行 jiangdun doctor 查看原因 / `jiangdun doctor` says what is wrong"
        ) from None
    django.setup()
    from jiangdun.alliance.grants import CLEARANCES, GRANTS
    from jiangdun.core import access

    from . import settings

    clock.set_offset(timedelta(seconds=settings.CLOCK_OFFSET_S))
    access.bind(GRANTS, CLEARANCES)


def migrate() -> None:
    """Bring the database to this version."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
