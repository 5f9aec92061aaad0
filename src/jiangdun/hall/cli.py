"""`jiangdun`: the command line. Each command is a row of the table below and a module of its own."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jiangdun import __version__

from . import logs


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    module: str  # has `arguments(parser)` and `run(options) -> exit code`
    does: str


COMMANDS: Final = (
    Command("up", "jiangdun.hall.up", "start this installation / 启动"),
    Command("demo", "jiangdun.hall.demo.command", "start the demonstration river / 演示"),
    Command("simulate", "jiangdun.hall.demo.simulate", "play the demo's scenes as device bytes / 模拟设备"),
    Command("replay", "jiangdun.hall.replay", "run recordings through decoder, engine and archive / 回放"),
    Command("backtest", "jiangdun.hall.backtest", "run rules over a period of an archive / 回测"),
    Command("rules", "jiangdun.hall.rules", "check rule files / 规则检查"),
    Command("journal", "jiangdun.hall.journal", "verify the journal / 校验日志链"),
    Command("retention", "jiangdun.hall.retention", "what is too old, and its end / 保存期限与清理"),
    Command("keys", "jiangdun.hall.keys", "change the master key / 更换主密钥"),
    Command(
        "doctor", "jiangdun.hall.doctor", "what is installed, reachable, writable, and what to do / 体检"
    ),
    Command("backup", "jiangdun.hall.backup", "this installation into a folder, while it runs / 备份"),
    Command("restore", "jiangdun.hall.restore", "a backup into an empty home / 恢复"),
    Command("verify-release", "jiangdun.hall.release", "is a bundle as it was signed? / 校验发布包"),
    Command("cert", "jiangdun.hall.cert", "certificates for HTTPS in the LAN / 证书"),
    Command("account", "jiangdun.hall.account", "create the first accounts of an installation / 账号"),
    Command("warm", "jiangdun.hall.warm", "compile the kernels / 预编译"),
)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="jiangdun", description="江盾 Jiangdun, River Shield")
    parser.add_argument("--version", action="version", version=f"jiangdun {__version__}")
    chosen = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    given = list(sys.argv[1:] if argv is None else argv)
    for command in COMMANDS:
        sub = chosen.add_parser(command.name, help=command.does, description=command.does)
        sub.set_defaults(module=command.module)
        if given[:1] == [command.name]:
            # Only the command asked for is imported: `rules check` must not wait for Django.
            importlib.import_module(command.module).arguments(sub)
    options = parser.parse_args(given)
    logs.configure()
    try:
        return int(importlib.import_module(options.module).run(options))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
