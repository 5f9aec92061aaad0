"""A QR code as a picture, drawn here: what it says never leaves the box."""

from __future__ import annotations

from typing import Final

QUIET_ZONE: Final = 4
"""Light modules around the code (ISO/IEC 18004 section 9.1)."""


def svg(text: str) -> str:
    """`text` as an SVG element, error correction level M, dark on light whatever the page's colours."""
    import segno  # only who adds a second factor needs it

    drawn = segno.make(text, error="m", micro=False)
    return str(drawn.svg_inline(scale=4, border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True))
