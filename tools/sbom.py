"""The list of parts that goes with a release: CycloneDX JSON from the locks, Python's and the board's.

`python tools/sbom.py [FILE]`; the default is `dist/sbom.cdx.json`. The same locks give the same bytes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
TOOL = Path(sys.executable).parent / "cyclonedx-py"


def python_parts() -> dict[str, Any]:
    """As the tool reads `requirements.lock`: versions, hashes, package URLs."""
    command = [TOOL, "requirements", "requirements.lock", "--pyproject", "pyproject.toml", "--of", "JSON"]
    command += ["--output-reproducible", "--short-PURLs", "--sv", "1.6"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def licences(name: str) -> list[dict[str, Any]]:
    """What a part says of its licence where it is installed."""
    try:
        data = metadata(name)
    except PackageNotFoundError:
        return []  # for another platform
    expression = data.get("License-Expression")
    if expression:
        return [{"expression": expression}]
    said = [one.split(" :: ")[-1] for one in data.get_all("Classifier") or [] if one.startswith("License ::")]
    return [{"license": {"name": one}} for one in said]


def board_parts() -> list[dict[str, Any]]:
    """What npm put into the board; what only builds and tests it is left out."""
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text("utf-8"))
    parts = []
    for path, about in sorted(lock["packages"].items()):
        name = path.rpartition("node_modules/")[2]
        if not name or any(about.get(kind) for kind in ("dev", "optional", "devOptional")):
            continue
        purl = f"pkg:npm/{quote(name, safe='/')}@{about['version']}"
        part = {"type": "library", "bom-ref": purl, "name": name, "version": about["version"], "purl": purl}
        if about.get("license"):
            part["licenses"] = [{"license": {"name": about["license"]}}]
        parts.append(part)
    return list({part["bom-ref"]: part for part in parts}.values())


def version() -> str:
    """Of this checkout."""
    text = (ROOT / "src/jiangdun/__init__.py").read_text("utf-8")
    return re.search(r'__version__ = "([^"]+)"', text)[1]  # type: ignore[index]


def made() -> dict[str, Any]:
    """The whole list."""
    found = python_parts()
    renamed = {}
    for part in found["components"]:
        renamed[part["bom-ref"]] = part["bom-ref"] = part["purl"]
        part.pop("description", None)  # the lock's line, once more
        hashes = [one for place in part.pop("externalReferences", []) for one in place.get("hashes", ())]
        if hashes:
            part["externalReferences"] = [{"type": "distribution", "url": part["purl"], "hashes": hashes}]
        if said := licences(part["name"]):
            part["licenses"] = said
    for one in found.get("dependencies", ()):
        one["ref"] = renamed.get(one["ref"], one["ref"])
        if "dependsOn" in one:
            one["dependsOn"] = [renamed.get(ref, ref) for ref in one["dependsOn"]]
    found["metadata"]["component"]["version"] = version()
    board = board_parts()
    found["components"] += board
    found["dependencies"] = [*found.get("dependencies", ()), *({"ref": part["bom-ref"]} for part in board)]
    return found


def write(path: Path) -> int:
    """How many parts stand in the file."""
    found = made()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    return len(found["components"])


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "sbom.cdx.json"
    print(f"sbom: {write(target)} parts in {target}")
