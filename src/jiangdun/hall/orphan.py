"""A child whose supervisor is gone must not live on: two of a kind would fight over the same home."""

from __future__ import annotations

import asyncio
import os
from typing import Final

LOOK_EVERY_S: Final = 0.5


async def wait_for_it(parent: int) -> None:
    """Returns once `parent` is no longer this process's parent."""
    while os.getppid() == parent:
        await asyncio.sleep(LOOK_EVERY_S)
