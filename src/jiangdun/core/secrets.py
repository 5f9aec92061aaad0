"""What must be read again but never lie open: sealed under a master key that stands in a file outside the database.

    row.secret = secrets.seal(b"...", about=f"totp:{account_id}")     # text, for a TextField
    secrets.unseal(row.secret, about=f"totp:{account_id}") → b"..."

`about` is bound in (AES-256-GCM, NIST SP 800-38D): a sealed value copied into the row of another does not open. For
values of persons use `core.personal`, which gives every person a key of their own that can be destroyed.

The file is `<home>/master.key` (mode 0600), made when first needed. A backup of the database without it is worth
nothing to a thief, and nothing to us: it is kept apart. Keys are changed by `rotate`; a table that holds sealed
values names itself once, so that they are sealed anew:

    @secrets.holder("totp")
    def _again(again: secrets.Again) -> int:   # in core; changes its rows, says how many
        for row in Totp.objects.all(): ...  row.secret = again(row.secret, f"totp:{row.account_id}")
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction

from jiangdun.core import facts, ids, journal
from jiangdun.core.trouble import Trouble

FILE: Final = "master.key"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
VALUE_MAX: Final = 65_536
"""Bytes one sealed value may have."""

Again = Callable[[str, str], str]
"""again(sealed, about) → the same value sealed under the newest key; the same text where it is already."""
Holder = Callable[[Again], int]


@dataclass(frozen=True)
class Ring:
    """The keys of this installation: `keys` by id, the `current` one seals; `lookup` salts digests."""

    current: str
    keys: dict[str, bytes]
    lookup: bytes


class KeyMissing(Trouble):
    """The key this was sealed with is not in this installation's key file."""

    usual = "key_missing"


_holders: dict[str, Holder] = {}
_read: dict[Path, tuple[tuple[int, int], Ring]] = {}


def seal(value: bytes, *, about: str) -> str:
    """`value` as text only this installation can open, and only as a value about `about`."""
    assert len(value) <= VALUE_MAX, "a sealed value is a small one"
    held = ring()
    return f"{held.current}.{encrypt(held.keys[held.current], value, about)}"


def unseal(sealed: str, *, about: str) -> bytes:
    """What was sealed. Raises KeyMissing, or Trouble("sealed_damaged") for what was changed or moved."""
    name, _, rest = sealed.partition(".")
    key = ring().keys.get(name)
    if key is None:
        raise KeyMissing(key=name[:16])
    return decrypt(key, rest, about)


def digest(kind: str, value: str) -> str:
    """64 hex digits by which an exact value is found again; salted per installation, by a key in the key file."""
    key = hmac.new(ring().lookup, kind.encode(), hashlib.sha256).digest()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def holder(name: str) -> Callable[[Holder], Holder]:
    """Name a table that holds sealed values (see the module)."""

    def mark(function: Holder) -> Holder:
        assert name not in _holders, f"{name} holds sealed values twice"
        _holders[name] = function
        return function

    return mark


def rotate(*, by: journal.By, now: datetime) -> int:
    """Draw a new master key, seal everything under it, forget the old ones; returns how many values were sealed.

    Killed at any moment nothing is lost: the old keys stay in the file until all is sealed anew, and another
    `rotate` ends what one began. Keep a copy of the file as it was as long as backups of that time are kept.
    """
    before = ring()
    fresh = ids.new_bytes(KEY_BYTES)
    _write(Ring(_name(fresh), {**before.keys, _name(fresh): fresh}, before.lookup))
    with transaction.atomic():
        count = _seal_all_again()
        rotated = facts.MasterKeyRotated(before.current, _name(fresh), count)
        journal.record(rotated, by=by, at=now, subject="keys:master")
    with transaction.atomic():  # what another process sealed by the old key meanwhile
        count += _seal_all_again()
    _write(replace(ring(), keys={_name(fresh): fresh}))
    return count


def ring() -> Ring:
    """The keys, from the file; drawn where there is no file yet. Raises Trouble where others may read it."""
    path = key_file()
    try:
        stat = path.stat()
    except FileNotFoundError:
        _draw(path)
        stat = path.stat()
    if stat.st_mode & 0o077:
        raise Trouble("key_file_open", path=path.name)
    seen = (stat.st_mtime_ns, stat.st_ino)
    held = _read.get(path)
    if held is None or held[0] != seen:
        held = (seen, _ring(json.loads(path.read_text())))
        _read[path] = held
    return held[1]


def key_file() -> Path:
    """Where the master key lies."""
    return Path(settings.HOME) / FILE


def encrypt(key: bytes, value: bytes, about: str) -> str:
    """AES-256-GCM with a nonce drawn for it, as URL-safe text."""
    nonce = ids.new_bytes(NONCE_BYTES)
    return urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, value, about.encode())).decode()


def decrypt(key: bytes, text: str, about: str) -> bytes:
    """What `encrypt` hid. Raises Trouble("sealed_damaged")."""
    try:
        raw = urlsafe_b64decode(text)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], about.encode())
    except (InvalidTag, ValueError):
        raise Trouble("sealed_damaged") from None


def _seal_all_again() -> int:
    current = ring().current

    def again(sealed: str, about: str) -> str:
        if sealed.partition(".")[0] == current:
            return sealed
        return seal(unseal(sealed, about=about), about=about)

    return sum(reseal(again) for reseal in _holders.values())


def _name(key: bytes) -> str:
    """A key's id tells which it is and nothing about it."""
    return hashlib.sha256(b"jiangdun key id" + key).hexdigest()[:8]


def _draw(path: Path) -> None:
    key = ids.new_bytes(KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = _draft(path, Ring(_name(key), {_name(key): key}, ids.new_bytes(KEY_BYTES)))
    try:
        os.link(draft, path)  # never over a key file that another process drew in the same moment
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _write(ring: Ring) -> None:
    _draft(key_file(), ring).replace(key_file())


def _draft(path: Path, ring: Ring) -> Path:
    draft = path.with_name(f".{FILE}.{ids.new_id()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        keys = {name: _text(key) for name, key in ring.keys.items()}
        json.dump({"current": ring.current, "keys": keys, "lookup": _text(ring.lookup)}, file)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _ring(stored: dict[str, Any]) -> Ring:
    keys = {name: urlsafe_b64decode(key) for name, key in stored["keys"].items()}
    return Ring(stored["current"], keys, urlsafe_b64decode(stored["lookup"]))


def _text(key: bytes) -> str:
    return urlsafe_b64encode(key).decode()
