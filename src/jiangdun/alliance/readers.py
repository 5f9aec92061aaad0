"""Who may read an agreement, and how much of it: its parties all of it, whoever is only named in a draft the draft."""

from __future__ import annotations

from dataclasses import replace

from .agreements import Agreement, Edition, open_draft


def readable(agreement: Agreement, agency: str) -> tuple[Edition, ...]:
    """The editions an agency may read: all of them for a party of one that all signed. One that is only named in a
    draft reads the draft that waits, or what drafts named it while nothing was ever signed.
    """
    signed = [e for e in agreement.editions if e.signed_at is not None]
    if any(agency in e.parties for e in signed):
        return agreement.editions
    draft = open_draft(agreement) if signed else None
    own = agreement.editions if not signed else () if draft is None else (draft,)
    return tuple(e for e in own if agency in e.parties)


def seen_by(agreement: Agreement, agency: str) -> Agreement:
    """The agreement as an agency that may read it does: who is only named in a draft is not told what was done about
    the editions before.
    """
    own = readable(agreement, agency)
    if own == agreement.editions or not any(e.signed_at is not None for e in agreement.editions):
        return replace(agreement, editions=own)
    return replace(agreement, editions=own, suspensions=(), activations=(), departures=(), consents=())


def parties(agreement: Agreement) -> frozenset[str]:
    """Who may read something of it: see `readable`."""
    named = frozenset[str]().union(*(edition.parties for edition in agreement.editions))
    return frozenset(agency for agency in named if readable(agreement, agency))
