"""`jiangdun warm`: compile every kernel once, so that the first alert does not wait for a compiler."""

from __future__ import annotations

import argparse

from jiangdun.core import clock


def arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(options: argparse.Namespace) -> int:  # noqa: ARG001
    from jiangdun.picture import now as picture
    from jiangdun.watch import engine

    begun = clock.monotonic()
    engine.warm()
    picture.warm()
    print(f"kernels ready in {clock.monotonic() - begun:.0f} s")
    return 0
