"""`jiangdun account add`: the first people of an installation. The password is drawn here and shown once."""

from __future__ import annotations

import argparse
import getpass
from typing import Any, Final
from uuid import UUID

from jiangdun.core import clock, ids
from jiangdun.core.trouble import Trouble

from . import django_up


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    agency = verbs.add_parser("agency", help="take an agency into the alliance")
    agency.add_argument("code")
    agency.add_argument("name_zh")
    agency.add_argument("name_en")
    agency.add_argument("--domain", default="water")
    add = verbs.add_parser("add", help="add a person to an agency")
    add.add_argument("username")
    add.add_argument("agency")
    add.add_argument("roles", nargs="+", help="desk, duty_commander, reviewer, analyst, admin_system, …")
    add.add_argument("--name-zh", default="")
    add.add_argument("--name-en", default="")
    for verb, told in (("on", "switch an account on again"), ("password", "give an account a new password")):
        verbs.add_parser(verb, help=told).add_argument("username")


def run(options: argparse.Namespace) -> int:
    django_up.ready()
    django_up.migrate()
    from jiangdun.core.journal import By

    by = By(system=f"command line, {getpass.getuser()}"[:64])
    try:
        return _DOING[options.verb](options, by)
    except Trouble as trouble:
        print(f"✘ {trouble}")
        return 1


def _agency(options: argparse.Namespace, by: Any) -> int:
    from jiangdun.alliance import actions

    made = actions.found_agency(
        options.code, options.name_zh, options.name_en, options.domain, by=by, now=clock.now()
    )
    print(f"✔ {made.code} {made.name_zh} / {made.name_en}")
    return 0


def _person(options: argparse.Namespace, by: Any) -> int:
    from django.db import transaction

    from jiangdun.alliance import actions as alliance
    from jiangdun.core import actions as core

    password = ids.new_secret(18)
    names = {"name_zh": options.name_zh or options.username, "name_en": options.name_en}
    with transaction.atomic():
        account = core.create_account(options.username, password, **names, by=by, now=clock.now())
        alliance.join(account.id, options.agency, options.roles, by=by, now=clock.now())
    print(f"✔ {options.username}  password (shown once) / 密码（仅显示一次）: {password}")
    return 0


def _switch_on(options: argparse.Namespace, by: Any) -> int:
    """At the box itself: the way back in when no administrator is left."""
    from jiangdun.core import accounts

    accounts.switch(_named(options.username), active=True, by=by, now=clock.now())
    print(f"✔ {options.username} on / 已启用")
    return 0


def _password(options: argparse.Namespace, by: Any) -> int:
    from jiangdun.core import accounts

    password = ids.new_secret(18)
    accounts.set_password(_named(options.username), password, by=by, now=clock.now(), temporary=True)
    print(f"✔ {options.username}  password (shown once) / 密码（仅显示一次）: {password}")
    return 0


def _named(username: str) -> UUID:
    from jiangdun.core import accounts
    from jiangdun.core.trouble import NotFound

    found = next((one for one in accounts.accounts() if one.username == username), None)
    if found is None or found.kind != accounts.PERSON:
        raise NotFound(what="account")
    return found.id


_DOING: Final = {"agency": _agency, "add": _person, "on": _switch_on, "password": _password}
