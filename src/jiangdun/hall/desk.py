"""*Desk*: the process that acts; the only one with SQL. Its work is in `acting`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Sequence

from . import alone, django_up, logs, orphan, settings


async def _main(parent: int) -> None:
    from .acting import Desk  # after Django is ready

    work = asyncio.create_task(Desk().run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    watch = asyncio.create_task(orphan.wait_for_it(parent)) if parent else None
    if watch:
        watch.add_done_callback(lambda _: work.cancel())
    with contextlib.suppress(asyncio.CancelledError):
        await work


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m jiangdun.hall.desk")
    parser.add_argument("--parent", type=int, default=0, help="stop when this process is gone")
    options = parser.parse_args(argv)
    logs.configure()
    alone.hold(settings.HOME / "run" / "desk.lock")
    django_up.ready()
    django_up.migrate()
    asyncio.run(_main(options.parent))


if __name__ == "__main__":
    main()
