"""The keys of an installation under a passphrase: scrypt (RFC 7914) for the key, AES-256-GCM over what is kept.

The seal also covers the manifest's other files (`bound`): whoever opens it with the passphrase knows that the backup is
the one that was made, not one that somebody put together.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from jiangdun.core import ids
from jiangdun.core.trouble import Trouble

COST: Final = {"n": 1 << 16, "r": 8, "p": 1}
"""64 MB and about a quarter of a second for each guess."""
COST_MAX: Final = {"n": 1 << 20, "r": 16, "p": 4}
BYTES_MAX: Final = 16 << 20
_NAME: Final = re.compile(
    r"(secret|[a-z0-9-]{1,40})\.key|(keys|tls|ca)(/[A-Za-z0-9][A-Za-z0-9._-]{0,80}){1,4}"
)


def found(home: Path) -> dict[str, bytes]:
    """The key files of an installation, by their names in its home."""
    paths = [
        *home.glob("*.key"),
        *(p for folder in ("keys", "tls", "ca") for p in (home / folder).rglob("*")),
    ]
    kept = {
        path.relative_to(home).as_posix(): path for path in paths if path.is_file() and not path.is_symlink()
    }
    return {name: path.read_bytes() for name, path in sorted(kept.items()) if _NAME.fullmatch(name)}


def seal(files: Mapping[str, bytes], passphrase: bytes, bound: bytes) -> bytes:
    salt, nonce = ids.new_bytes(16), ids.new_bytes(12)
    text = json.dumps({name: base64.b64encode(data).decode() for name, data in files.items()}).encode()
    box = AESGCM(_key(passphrase, salt, COST)).encrypt(nonce, text, bound)
    told = {
        "kdf": "scrypt",
        **COST,
        "salt": salt.hex(),
        "nonce": nonce.hex(),
        "box": base64.b64encode(box).decode(),
    }
    return json.dumps(told).encode()


def opened(sealed: bytes, passphrase: bytes, bound: bytes) -> dict[str, bytes]:
    """Raises Trouble: a wrong passphrase, or a backup that is not the one that was sealed."""
    try:
        told = json.loads(sealed)
        cost = {name: int(told[name]) for name in COST}
        if told["kdf"] != "scrypt" or any(not 0 < cost[name] <= most for name, most in COST_MAX.items()):
            raise ValueError
        key = _key(passphrase, bytes.fromhex(told["salt"]), cost)
        box, nonce = base64.b64decode(told["box"], validate=True), bytes.fromhex(told["nonce"])
        text = AESGCM(key).decrypt(nonce, box, bound)
        files = {str(name): base64.b64decode(data, validate=True) for name, data in json.loads(text).items()}
    except InvalidTag:
        raise Trouble("backup_passphrase") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Trouble("backup_damaged", value="keys.sealed") from None
    if not all(_NAME.fullmatch(name) for name in files):
        raise Trouble("backup_damaged", value="keys.sealed")
    return files


def _key(passphrase: bytes, salt: bytes, cost: Mapping[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost["n"], r=cost["r"], p=cost["p"]).derive(passphrase)
