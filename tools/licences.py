"""The licence gate: what the product needs at run time must be free of GPL and AGPL.

Distributions are taken from the lock's names (and what is installed for them), so a development tool may have any
licence, the product may not.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.M)
BAD = re.compile(r"(?<!L)(?<!Lesser )\b(A?GPL|GNU (Affero )?General Public)", re.I)


def licence_of(name: str) -> str | None:
    try:
        data = metadata(name)
    except PackageNotFoundError:
        return None  # for another platform
    classifiers = [c for c in data.get_all("Classifier") or [] if c.startswith("License")]
    expression = data.get("License-Expression") or ""
    first_line = (data.get("License") or "").strip().splitlines()[:1]
    return "; ".join([expression, *first_line, *classifiers]).strip("; ")


def main() -> int:
    wrong = 0
    for name in NAME.findall((ROOT / "requirements.lock").read_text()):
        licence = licence_of(name)
        if licence is None:
            continue
        if not licence or (BAD.search(licence) and "LGPL" not in licence and "Lesser" not in licence):
            print(f"{name}: {licence or 'says nothing about its licence'}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
