"""Pin every dependency with its hashes. No address of an index may stand in a lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.lock": ["--extra", "postgres", "--group", "build"],
    "requirements-dev.lock": ["--extra", "postgres", "--group", "build", "--group", "dev"],
}

for name, wanted in LOCKS.items():
    pinned = ["--python-version", "3.11", "--generate-hashes", "--upgrade", *wanted, "-o", name]
    command = [Path(sys.executable).parent / "uv", "pip", "compile", "--quiet", "--universal", "--no-header"]
    subprocess.run([*command, *pinned, "pyproject.toml"], cwd=ROOT, check=True)
    if "://" in (ROOT / name).read_text():
        sys.exit(f"{name} names an address; a lock keeps hashes only")
