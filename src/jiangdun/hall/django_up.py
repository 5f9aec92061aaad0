"""Django, made ready for a process of this installation."""

from __future__ import annotations

import contextlib
import importlib
import os
from datetime import timedelta
from pathlib import Path

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
    _close_to_others()


def _close_to_others() -> None:
    """SQLite makes its file as wide open as the account's umask lets it; what it writes beside follows the file."""
    from django.db import connection

    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        with contextlib.suppress(OSError):  # somebody else's: doctor speaks of the home
            path.chmod(0o600)
