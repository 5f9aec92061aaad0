"""Everything a box without a network needs, in one folder under `dist/`: wheels, our own wheel, install script, sums.

For the Python and the platform this runs on. `--key FILE` signs the sums; see tools/sign.py.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import sbom

from jiangdun.hall import passphrase, release

ROOT = Path(__file__).resolve().parent.parent
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
WANTED = ("postgres", "standard", "binary")
"""Extras that stand in the lock: our own, uvicorn's and psycopg's."""
BESIDE = ("deploy/install.sh", "docs/howto/install-on-a-box.md", "LICENSE", "CHANGELOG.md")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed() -> set[str]:
    """Names of every part our wheel needs at run time here, by what is installed."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    waiting = [("jiangdun", WANTED)]
    while waiting:
        name, extras = waiting.pop()
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue  # for another platform
        for line in lines:
            one = Requirement(line)
            if one.marker and not any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                continue
            if canonical(one.name) not in found:
                found.add(canonical(one.name))
                waiting.append((one.name, tuple(one.extras)))
    return found


def runtime_lock() -> str:
    """The lines of `requirements.lock` that a box needs: without what builds the wheel."""
    names, kept, keep = needed(), [], False
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        if not line.startswith((" ", "#")):
            keep = canonical(NAME.match(line)[0]) in names  # type: ignore[index]
        if keep and not line.lstrip().startswith("#"):
            kept.append(line)
    return "\n".join(kept) + "\n"


def collect(folder: Path) -> None:
    """The folder, made anew, without signature."""
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    (folder / "requirements.lock").write_text(runtime_lock(), "utf-8")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--no-deps"]
    run(
        *pip,
        "--require-hashes",
        "--only-binary=:all:",
        "-d",
        str(wheels),
        "-r",
        str(folder / "requirements.lock"),
    )
    sbom.write(folder / "sbom.cdx.json")
    for name in BESIDE:
        shutil.copy(ROOT / name, folder / Path(name).name)
    shutil.copytree(ROOT / "deploy" / "systemd", folder / "systemd")
    release.write_sums(folder)


def run(*command: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit(f"bundle: this step failed: {' '.join(command[:6])} …")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="the folder (default: under dist/)")
    parser.add_argument("--key", type=Path, help="sign with this private key")
    passphrase.arguments(parser)
    options = parser.parse_args()
    platform = f"py{sys.version_info.major}{sys.version_info.minor}-{sysconfig.get_platform()}"
    folder = (options.out or ROOT / "dist" / f"jiangdun-{sbom.version()}-{platform}").resolve()
    collect(folder)
    if options.key:
        secret = passphrase.ask(options, "the release key's passphrase", new=False)
        release.sign(folder, options.key.read_bytes(), secret)
    count = sum(1 for _ in release.files(folder))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"bundle: {count} files, {size / 1e6:.0f} MB in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
