"""The floor's verbs for people: accounts, parameters, the journal's algorithms. One door for the rooms
above.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from jiangdun.core import chain, facts, journal
from jiangdun.core.accounts import create as create_account
from jiangdun.core.accounts import note_elsewhere, note_sign_in, note_sign_out, note_wrong, set_password
from jiangdun.core.accounts import switch as switch_account
from jiangdun.core.parameters import set_parameter
from jiangdun.core.passwords import keep as keep_password
from jiangdun.core.trouble import BadInput

__all__ = [
    "create_account", "keep_password", "note_backup", "note_certificate", "note_elsewhere", "note_program",
    "note_restore", "note_sign_in", "note_sign_out", "note_wrong", "set_parameter", "set_password",
    "switch_account", "switch_algorithms",
]  # fmt: skip


@transaction.atomic
def switch_algorithms(algorithms: Sequence[str], *, by: journal.By, now: datetime) -> None:
    """Let the journal be hashed by `algorithms` from this fact on (sha256, or sha256 and sm3). Raises
    BadInput.
    """
    try:
        wanted = chain.check_algorithms(algorithms)
    except ValueError as error:
        raise BadInput(field="algorithms", reason="unknown", text=str(error)) from None
    if chain.SM3 in wanted and not chain.sm3_here():
        raise BadInput(field="algorithms", reason="sm3_missing_here")
    journal.record(facts.AlgorithmsSwitched(wanted), by=by, at=now, subject="journal:algorithms")


@transaction.atomic
def note_certificate(
    names: Sequence[str],
    fingerprint: str,
    ends_at: datetime,
    authority: str,
    new_authority: bool,
    *,
    by: journal.By,
    now: datetime,
) -> None:
    """The box serves by a new certificate."""
    made = facts.CertificateMade(tuple(names), fingerprint, ends_at, authority, new_authority)
    journal.record(made, by=by, at=now, subject="installation:certificate")


@transaction.atomic
def note_backup(
    backup: str,
    manifest: str,
    files: int,
    size_bytes: int,
    head: int,
    keys: str,
    *,
    by: journal.By,
    now: datetime,
) -> None:
    """A backup was made."""
    made = facts.BackupMade(backup, manifest, files, size_bytes, head, keys)
    journal.record(made, by=by, at=now, subject="installation:backup")


@transaction.atomic
def note_restore(
    backup: str,
    manifest: str,
    made_at: str,
    product: str,
    head: int,
    checked: int,
    *,
    by: journal.By,
    now: datetime,
) -> None:
    """This installation was restored from a backup and its journal verified."""
    restored = facts.BackupRestored(backup, manifest, made_at, product, head, checked)
    journal.record(restored, by=by, at=now, subject="installation:backup")


@transaction.atomic
def note_program(version: str, found: int, files: Sequence[str], *, by: journal.By, now: datetime) -> None:
    """Files of the program are not as released."""
    journal.record(
        facts.ProgramDiffers(version, found, tuple(files)), by=by, at=now, subject="installation:program"
    )
