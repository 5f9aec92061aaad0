"""How sensitive a thing is. A label is stronger than any role: whoever is not cleared for it does not see it.

State secrets have no label here on purpose: a system of level 3 (GB/T 22239) may not hold them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Label(IntEnum):
    """From free for all to a named few: 公开, 内部, 敏感, 限制."""

    OPEN = 0
    INTERNAL = 1
    SENSITIVE = 2
    RESTRICTED = 3


NAMES: Final[dict[Label, tuple[str, str]]] = {
    Label.OPEN: ("公开", "open"),
    Label.INTERNAL: ("内部", "internal"),
    Label.SENSITIVE: ("敏感", "sensitive"),
    Label.RESTRICTED: ("限制", "restricted"),
}
"""Label → what people read (zh, en)."""
