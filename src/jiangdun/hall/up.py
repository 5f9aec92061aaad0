"""`jiangdun up`: start this installation, ears and desk under one supervisor."""

from __future__ import annotations

import argparse
import os

from . import django_up


def arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(options: argparse.Namespace) -> int:  # noqa: ARG001
    django_up.ready()
    from . import parts, settings, tls

    refused = tls.refusal()
    if refused:
        for text in refused:
            print(f"✘ {text}")
        return 1
    program = parts.check()
    if (
        program.found
    ):  # a watch that does not start is no safer: it is said here, by doctor and on the health page
        print(f"! 程序文件与发布时不同 / program files are not as released: {', '.join(program.wrong)}")
    django_up.migrate()
    from jiangdun.alliance import queries as alliance

    from .supervise import Supervisor, python

    if any(agency.demo for agency in alliance.agencies()):
        print("✘ 这是演示数据库，不能用于正式值守。请为 JIANGDUN_HOME 或 DATABASE_URL 指定新的位置")
        print("✘ this is a demo's database; give JIANGDUN_HOME or DATABASE_URL a place of their own")
        return 1
    parent = ["--parent", str(os.getpid())]
    print(f"  江盾 Jiangdun   {settings.BASE_URL}", flush=True)
    Supervisor(
        {"desk": python("jiangdun.hall.desk", *parent), "ears": python("jiangdun.hall.ears", *parent)}
    ).run()
    return 0
