"""The verbs that change the alliance, one file a subject."""

from jiangdun.alliance.actions.agreements import (
    draft_agreement,
    renew_agreement,
    revise_agreement,
    sign_agreement,
)
from jiangdun.alliance.actions.checks import (
    AreaRefused,
)
from jiangdun.alliance.actions.chiefs import (
    ChiefsRefused,
    Taken,
    appoint,
    draw_reach,
    end_reach,
    end_term,
    import_chiefs,
    name_river,
)
from jiangdun.alliance.actions.copies import (
    note_copy,
)
from jiangdun.alliance.actions.duty import hand_over, sit_down, stand_up
from jiangdun.alliance.actions.networks import (
    change_alliance,
    change_seat,
    end_alliance,
    found_alliance,
    let_go,
    put_under,
    take_in,
    take_out,
)
from jiangdun.alliance.actions.people import (
    change_roles,
    join,
    leave,
)
from jiangdun.alliance.actions.register import (
    change_agency,
    draw_area,
    end_area,
    end_power,
    found_agency,
    give_power,
)
from jiangdun.alliance.actions.sharing import (
    activate,
    allow_forwarding,
    deactivate,
    leave_all,
    resume,
    suspend,
    terminate,
    withdraw_forwarding,
)
from jiangdun.alliance.actions.structure import (
    change_desk,
    change_office,
    close_desk,
    close_office,
    end_route,
    open_desk,
    open_office,
    set_route,
    set_up_structure,
)
from jiangdun.alliance.actions.times import TIMERS

__all__ = [
    "TIMERS",
    "AreaRefused",
    "ChiefsRefused",
    "Taken",
    "activate",
    "allow_forwarding",
    "appoint",
    "change_agency",
    "change_alliance",
    "change_desk",
    "change_office",
    "change_roles",
    "change_seat",
    "close_desk",
    "close_office",
    "deactivate",
    "draft_agreement",
    "draw_area",
    "draw_reach",
    "end_alliance",
    "end_area",
    "end_power",
    "end_reach",
    "end_route",
    "end_term",
    "found_agency",
    "found_alliance",
    "give_power",
    "hand_over",
    "import_chiefs",
    "join",
    "leave",
    "leave_all",
    "let_go",
    "name_river",
    "note_copy",
    "open_desk",
    "open_office",
    "put_under",
    "renew_agreement",
    "resume",
    "revise_agreement",
    "set_route",
    "set_up_structure",
    "sign_agreement",
    "sit_down",
    "stand_up",
    "suspend",
    "take_in",
    "take_out",
    "terminate",
    "withdraw_forwarding",
]
