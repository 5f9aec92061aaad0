"""Are the program's files those of the release? Each against the hash in the wheel's RECORD (PEP 376, PEP 427).

Looked at when the desk starts (health), when `up` starts (said aloud) and by `doctor`. It finds what was changed,
removed, or put beside; whoever can also write the RECORD is found by the signed bundle only (`verify-release`).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

NAME: Final = "jiangdun"
SHOWN_MAX: Final = 20
SUFFIXES: Final = (".py", ".so", ".js", ".html", ".pth")
"""What runs: a file of these that the wheel does not know is one too many."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`kind` is wheel, or checkout where files may change at any time; `wrong` are names, at most `SHOWN_MAX`."""

    kind: str
    checked: int
    found: int
    wrong: tuple[str, ...]

    @property
    def level(self) -> str:
        return "fail" if self.found else "ok"

    def told(self) -> dict[str, Any]:
        return {"level": self.level, "kind": self.kind, "checked": self.checked, "wrong": list(self.wrong)}


def check(name: str = NAME) -> Parts:
    """Read every file the wheel brought; a tenth of a second."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return Parts("checkout", 0, 0, ())
    if _is_checkout(found):
        return Parts("checkout", 0, 0, ())
    files = [file for file in found.files or [] if file.hash is not None]
    wrong = [str(file) for file in files if not _is_whole(file.locate(), file.hash.mode, file.hash.value)]  # type: ignore[union-attr]
    known = {Path(str(file.locate())).resolve() for file in found.files or []}
    wrong += [f"+ {path}" for path in _beside(found, name) if path.resolve() not in known]
    return Parts("wheel", len(files), len(wrong), tuple(sorted(wrong)[:SHOWN_MAX]))


def _is_checkout(found: Distribution) -> bool:
    text = found.read_text("direct_url.json")
    return bool(text and json.loads(text).get("dir_info", {}).get("editable"))


def _is_whole(path: Any, mode: str, value: str) -> bool:
    try:
        total = hashlib.new(mode, Path(str(path)).read_bytes()).digest()
    except (OSError, ValueError):
        return False
    return base64.urlsafe_b64encode(total).rstrip(b"=").decode() == value


def _beside(found: Distribution, name: str) -> list[Path]:
    folder = Path(str(found.locate_file(name)))
    return [path for path in folder.rglob("*") if path.suffix in SUFFIXES and "__pycache__" not in path.parts]
