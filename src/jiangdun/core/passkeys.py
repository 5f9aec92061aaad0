"""Keys (WebAuthn level 2): a telephone, a security key or a computer signs our challenge after its owner showed
finger, face or PIN. Whoever has the database has nothing to sign with.

`rp_id` is the host name the browser sees, `origin` that with scheme and port. A key made for one name does not work
for another.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import webauthn
from django.db import transaction
from webauthn.helpers import structs
from webauthn.helpers.exceptions import WebAuthnException

from jiangdun.core import facts, ids, journal
from jiangdun.core.journal import By
from jiangdun.core.models import Account, PassKey
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, Trouble

CHALLENGE_BYTES: Final = 32
KEYS_MAX: Final = 10
"""Keys one account may have."""
NAME_MAX: Final = 40
RP_NAME: Final = "江盾 Jiangdun"


@dataclass(frozen=True)
class Site:
    """Where keys are used: the host name, and the origin a browser says it is at."""

    rp_id: str
    origin: str


@dataclass(frozen=True)
class Key:
    """A key as its owner sees it."""

    id: UUID
    name: str
    rp_id: str
    added_at: datetime
    used_at: datetime | None


def new_challenge() -> str:
    """What a key is asked to sign, as base64url text; good once."""
    return _text(ids.new_bytes(CHALLENGE_BYTES))


def keys(account_id: UUID) -> list[Key]:
    """The keys of an account, the oldest first."""
    rows = PassKey.objects.filter(account_id=account_id).order_by("added_at", "id")
    return [Key(row.id, row.name, row.rp_id, row.added_at, row.used_at) for row in rows[:KEYS_MAX]]


def to_register(account_id: UUID, site: Site, challenge: str) -> dict[str, Any]:
    """What a browser needs to make a key (PublicKeyCredentialCreationOptions as JSON). Raises NotFound, OverLimit."""
    row = Account.objects.filter(id=account_id).first()
    if row is None:
        raise NotFound(what="account")
    held = list(PassKey.objects.filter(account_id=account_id))
    if len(held) >= KEYS_MAX:
        raise OverLimit(limit="KEYS_MAX", most=KEYS_MAX)
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=RP_NAME,
        user_id=row.id.bytes,
        user_name=row.username,
        user_display_name=row.name_zh,
        challenge=_bytes(challenge),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            user_verification=structs.UserVerificationRequirement.REQUIRED,
            resident_key=structs.ResidentKeyRequirement.DISCOURAGED,
        ),
        exclude_credentials=[_descriptor(key) for key in held],
    )
    return _json(options)


@transaction.atomic
def register(
    account_id: UUID, name: str, credential: str, challenge: str, site: Site, *, by: By, now: datetime
) -> Key:
    """Keep a key just made; `credential` is the browser's answer as JSON text.

    Raises BadInput for a bad name, Trouble("key_refused") for an answer that does not hold, OverLimit, AlreadyThere.
    """
    if not name.strip() or len(name) > NAME_MAX or not name.isprintable():
        raise BadInput(field="name", reason="length", most=NAME_MAX)
    if PassKey.objects.filter(account_id=account_id).count() >= KEYS_MAX:
        raise OverLimit(limit="KEYS_MAX", most=KEYS_MAX)
    if not challenge:
        raise Trouble("key_refused")  # nothing was asked, or too long ago
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Trouble("key_refused") from error
    known = _text(made.credential_id)
    if len(known) > 512 or PassKey.objects.filter(credential=known).exists():
        raise AlreadyThere(what="key")
    row = PassKey.objects.create(
        account_id=account_id,
        credential=known,
        public_key=_text(made.credential_public_key),
        sign_count=made.sign_count,
        rp_id=site.rp_id,
        name=name.strip(),
        added_at=now,
    )
    added = facts.SecondFactorAdded(account_id, "key")
    journal.record(added, by=by, at=now, subject=f"account:{account_id}")
    return Key(row.id, row.name, row.rp_id, row.added_at, None)


@transaction.atomic
def remove(account_id: UUID, key_id: UUID, *, by: By, now: datetime) -> None:
    """The key opens nothing from now on. Raises NotFound."""
    if not PassKey.objects.filter(account_id=account_id, id=key_id).delete()[0]:
        raise NotFound(what="key")
    removed = facts.SecondFactorRemoved(account_id, "key")
    journal.record(removed, by=by, at=now, subject=f"account:{account_id}")


def to_sign(account_id: UUID, site: Site, challenge: str) -> dict[str, Any]:
    """What a browser needs to have one of the account's keys sign (PublicKeyCredentialRequestOptions as JSON)."""
    held = PassKey.objects.filter(account_id=account_id, rp_id=site.rp_id)
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=_bytes(challenge),
        allow_credentials=[_descriptor(key) for key in held[:KEYS_MAX]],
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return _json(options)


@transaction.atomic
def use(account_id: UUID, credential: str, challenge: str, site: Site, now: datetime) -> bool:
    """Whether a key of this account signed `challenge` for this site, its owner verified, and its counter rose.

    A counter that stands still or goes back means a copy of the key: refused, with a fact of its own.
    """
    try:
        said = json.loads(credential)
        row = PassKey.objects.filter(account_id=account_id, credential=str(said["id"])[:512]).first()
        if row is None or not challenge:
            return False
        signed = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=_bytes(row.public_key),
            credential_current_sign_count=0,  # judged here, so that a copy is told from a forgery
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return False
    if (signed.new_sign_count or row.sign_count) and signed.new_sign_count <= row.sign_count:
        copied = facts.KeyCopied(account_id, row.id)
        journal.record(copied, by=By(system="door"), at=now, subject=f"account:{account_id}")
        return False
    same = PassKey.objects.filter(id=row.id, sign_count=row.sign_count)
    return same.update(sign_count=signed.new_sign_count, used_at=now) > 0


def _descriptor(key: PassKey) -> structs.PublicKeyCredentialDescriptor:
    return structs.PublicKeyCredentialDescriptor(id=_bytes(key.credential))


def _json(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
