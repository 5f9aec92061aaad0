"""The wheel builds the board by itself, so that a box needs neither Node nor this checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BoardHook(BuildHookInterface[Any]):
    """Runs `tools/web_build.py build`, which does nothing where the board is up to date."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if version == "editable":  # a checkout builds its board when it likes
            return
        subprocess.run([sys.executable, str(Path(self.root) / "tools" / "web_build.py"), "build"], check=True)
