"""The demo's people, units, zones, terminals and rules, put there by the same actions everybody uses."""

from __future__ import annotations

import json
from datetime import datetime

from django.db import transaction

from jiangdun.alliance import actions as alliance
from jiangdun.core import actions as core
from jiangdun.core import ids
from jiangdun.core.journal import By
from jiangdun.feeds import actions as feeds
from jiangdun.feeds.columns import Kind
from jiangdun.picture import actions as picture
from jiangdun.watch import actions as watch
from jiangdun.web.sessions import MOST, SECOND_ROLES

from . import agreements, cast, geometry
from . import alliance as alliance_of_demo


@transaction.atomic
def sow(now: datetime) -> dict[str, dict[str, str]]:
    """Everything at once or nothing. Returns the log-ins drawn: username → {password, role, agency, name}."""
    by = By(system="demo")
    core.set_parameter(MOST.name, 50, by=by, now=now)  # one log-in, many visitors
    core.set_parameter(SECOND_ROLES.name, [], by=by, now=now)  # and one click to come in
    for agency in cast.AGENCIES:
        alliance.found_agency(
            agency.code, agency.name_zh, agency.name_en, agency.domain, by=by, now=now, demo=True
        )
    logins, accounts = _people(by, now)
    commanders = [p for p in cast.PEOPLE if "duty_commander" in p.roles]
    agreements.sow({p.agency: accounts[p.username] for p in commanders}, now)
    for unit in cast.UNITS:
        record = picture.add_unit(
            unit.agency, unit.call_sign, unit.kind, by=by, now=now,
            crew=unit.crew, capabilities=unit.capabilities, source=unit.source, ident=unit.ident,
        )  # fmt: skip
        if unit.source == "jt808":
            feeds.admit_device(
                unit.source, unit.ident, unit.call_sign, Kind.PATROL_CAR,
                agency=unit.agency, unit_id=record.id, by=by, now=now,
            )  # fmt: skip
    for truck in (cast.TRUCK, *cast.OTHER_TRUCKS):
        feeds.admit_device("jt808", truck.ident, truck.plate, truck.kind, by=by, now=now)
    picture.import_zones(json.dumps(geometry.zones_geojson()), by=By(system="demo", agency="centre"), now=now)
    for rule in watch.load_catalogue(by=By(person=accounts["analyst"], agency="centre"), now=now):
        watch.release_rule(rule.name, rule.version, by=By(person=accounts["duty"], agency="centre"), now=now)
    alliance_of_demo.build(accounts, by, now)
    return logins


def _people(by: By, now: datetime) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    logins, accounts = {}, {}
    for person in cast.PEOPLE:
        password = ids.new_secret(12)
        account = core.create_account(
            person.username, password, name_zh=person.name_zh, name_en=person.name_en, by=by, now=now,
            temporary=False,
        )  # fmt: skip
        alliance.join(account.id, person.agency, person.roles, by=by, now=now)
        accounts[person.username] = str(account.id)
        logins[person.username] = {
            "password": password,
            "role": person.roles[0],
            "agency": person.agency,
            "name": person.name_zh,
        }
    return logins, accounts
