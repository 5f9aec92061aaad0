"""`jiangdun verify-release DIR --key FILE`: is a bundle the one that was signed, with nothing changed or added?

A bundle's `SHA256SUMS` names every file; `SHA256SUMS.sig` is an Ed25519 signature (RFC 8032) over its bytes, 64 bytes
as they are, so that OpenSSL reads it as well. The public key comes to the box by another way than the bundle.
"""

from __future__ import annotations

import argparse
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from jiangdun.core.trouble import Trouble

from . import saying
from .keeping.manifest import digest
from .keeping.progress import Progress

SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
SUMS_BYTES_MAX: Final = 4 << 20
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_][A-Za-z0-9._+/-]{0,250})")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="the unpacked bundle")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="the public key (PEM)")


def run(options: argparse.Namespace) -> int:
    try:
        count = verify(options.folder, options.key.read_bytes())
    except Trouble as found:
        saying.trouble(found)
        return 1
    except OSError as error:
        saying.trouble(Trouble("release_unread", value=str(error)))
        return 1
    print(f"✔ {options.folder}: {count} files, signed and whole / 签名有效，文件完整")
    return 0


def verify(folder: Path, public_key: bytes) -> int:
    """How many files were checked. Raises Trouble, OSError."""
    text = _small(folder / SUMS, SUMS_BYTES_MAX)
    try:
        key = load_pem_public_key(public_key)
    except ValueError:
        raise Trouble("release_key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise Trouble("release_key")
    try:
        key.verify(_small(folder / SIGNATURE, 64), text)
    except InvalidSignature:
        raise Trouble("release_signature") from None
    sums = read_sums(text)
    progress = Progress(
        "校验 check", sum((folder / name).stat().st_size for name in sums if (folder / name).exists())
    )
    for name in sorted(set(files(folder)) | sums.keys()):
        path = folder / name
        if name not in sums or not path.exists() or not stat.S_ISREG(path.lstat().st_mode):
            raise Trouble("release_changed", value=name)
        if digest(path, progress.add) != sums[name]:
            raise Trouble("release_changed", value=name)
    progress.end()
    return len(sums)


def sign(folder: Path, private_key: bytes, passphrase: bytes | None) -> None:
    """Write the signature over the bundle's sums. Raises ValueError for a key that is none, or of another kind."""
    key = load_pem_private_key(private_key, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the key is not of Ed25519")
    (folder / SIGNATURE).write_bytes(key.sign((folder / SUMS).read_bytes()))


def write_sums(folder: Path) -> int:
    """`SHA256SUMS` over every file, as sha256sum reads it; how many."""
    names = sorted(files(folder))
    lines = [f"{digest(folder / name, lambda _: None)}  {name}\n" for name in names]
    (folder / SUMS).write_text("".join(lines), "ascii")
    return len(lines)


def read_sums(text: bytes) -> dict[str, str]:
    """Name → SHA-256. Raises Trouble for a line that is none, or a name that leads out."""
    found: dict[str, str] = {}
    try:
        lines = text.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise Trouble("release_changed", value=SUMS) from None
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None or any(part in ("", ".", "..") for part in match[2].split("/")) or match[2] in found:
            raise Trouble("release_changed", value=SUMS)
        found[match[2]] = match[1]
    return found


def files(folder: Path) -> Iterator[str]:
    """Names of everything below but sums and signature; links are not followed."""
    for root, folders, names in os.walk(folder):
        linked = [name for name in folders if os.path.islink(os.path.join(root, name))]
        for name in (*names, *linked):
            path = Path(root, name).relative_to(folder).as_posix()
            if path not in (SUMS, SIGNATURE):
                yield path


def _small(path: Path, most: int) -> bytes:
    if path.stat().st_size > most:
        raise Trouble("release_changed", value=path.name)
    return path.read_bytes()
