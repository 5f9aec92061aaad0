"""Prepare this checkout: `.venv` from the locks, the board built, the kernels compiled. Needs python3 with venv only.

Each step is skipped when nothing it depends on has changed since it last succeeded.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = "uv==0.13.9"


def fail(text: str) -> None:
    sys.exit(f"setup: {text}")


def run(*command: str | Path) -> None:
    # A private certificate authority or proxy is honoured where the machine has one.
    env = {"UV_SYSTEM_CERTS": "1", "NODE_USE_SYSTEM_CA": "1", **os.environ}
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=env)
    if done.returncode:
        fail(f"this step failed (exit {done.returncode}): {' '.join(str(part) for part in command)}")


def digest(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def once(name: str, paths: Iterable[Path], step: Callable[[], None], says: str) -> None:
    """Run `step` unless it has succeeded with exactly these inputs."""
    mark, want = VENV / f"{name}.done", digest(paths)
    if mark.exists() and mark.read_text() == want:
        return
    print(f"setup: {says}", flush=True)
    step()
    mark.write_text(want)


def make_venv() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  (this file is run by whatever python3 there is)
        fail(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    if PYTHON.exists():
        return
    print("setup: making .venv", flush=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, stdout=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        shutil.rmtree(VENV, ignore_errors=True)
        fail("python3 lacks venv. On Debian: sudo apt-get install python3-venv")


def uv() -> Path:
    """A `uv` to install with: the one on PATH, else the pinned one from the package index."""
    own = VENV / "bin" / "uv"
    if not own.exists():
        found = shutil.which("uv")
        if found:
            return Path(found)
        run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV)
    return own


def install(lock: str) -> None:
    tool = uv()
    run(tool, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", lock)
    run(tool, "pip", "install", "--quiet", "--python", PYTHON, "--no-deps", "--no-build-isolation", "-e", ".")


def main() -> None:
    dev = "--dev" in sys.argv[1:]
    make_venv()
    project = [ROOT / "pyproject.toml", ROOT / "src/jiangdun/__init__.py"]
    once(
        "runtime", [ROOT / "requirements.lock", *project], lambda: install("requirements.lock"), "installing"
    )
    if dev:
        lock = ROOT / "requirements-dev.lock"
        once("dev", [lock, *project], lambda: install(lock.name), "installing what tests need")
    run(PYTHON, "tools/web_build.py", "build")
    kernels = sorted((ROOT / "src/jiangdun").rglob("*.py"))
    compiled = [path for path in kernels if "njit" in path.read_text()]
    once("warm", compiled, lambda: run(VENV / "bin" / "jiangdun", "warm"), "compiling the kernels")


if __name__ == "__main__":
    main()
