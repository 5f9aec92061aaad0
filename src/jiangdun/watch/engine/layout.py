"""Where each value lies in the engine's arrays. All are int64 unless said otherwise; a row is one thing."""

from __future__ import annotations

from typing import Final

# --- one row a track and pass: the hot record, one cache line when the mask is one word ---
SETTLED: Final = 0
EAGER: Final = 1
H_T: Final = 0  # last fix: time
H_XY: Final = 1  # lon << 32 | lat (as uint32)
H_CELL: Final = 2  # see grid.cell_of
H_DUE: Final = 3  # a fix before this time changes nothing, if cell and mask are the same
H_VISITS: Final = 4  # first visit record, -1 = none
H_ZONES: Final = 5  # a hash of the zones the last fix lay in
H_INSTANT: Final = 6  # when a zone or rule next comes into or goes out of force
H_MASK: Final = 7  # condition words follow

# --- one row a track: the reports that wait for the watermark, in (t) order ---
T_TRACK: Final = 0
T_HEAD: Final = 1
T_TAIL: Final = 2
T_COUNT: Final = 3
T_STALE: Final = 4  # the eager pass waits for the settled one
T_SEEN: Final = 5  # fixes settled
T_CHAINS: Final = 6  # first sequence record of each pass, -1 = none
TRACK_WIDTH: Final = 8

# --- one row a waiting report ---
P_T: Final = 0
P_XY: Final = 1
P_MOTION: Final = 2  # sog | cog << 16 | rank << 32
P_POSITION: Final = 3
P_NEXT: Final = 4
P_PREV: Final = 5
P_TRACK: Final = 6  # slot
P_REST: Final = 7  # heading | length << 16 | kind << 32 | nav << 40 | flags << 48
P_BEFORE: Final = 8  # the eager pass found no zone passed through since the fix of this time, and:
P_CELL: Final = 9  # ... the cell it lies in
P_ZONES: Final = 10  # ... the hash of its zones; so the settled pass need not look again
P_MASK: Final = 11
UNSEEN: Final = -(1 << 62) + 1  # P_BEFORE where the eager pass has not looked, or found something

# --- one row a visit: (operator, zone) of one track in one pass ---
V_NEXT: Final = 0
V_WATCH: Final = 2  # index of the (zone, operator) pair
V_FLAGS: Final = 3
V_START: Final = 5  # stay: since when; enter, leave: the crossing of the run; cross: when it came in
V_HELD: Final = 6  # stay: last report that held; cross: the fix before it came in
V_FIRED: Final = 7  # last alert in this visit
V_RUN: Final = (
    8  # enter, leave: fixes on the other side, one after another; cross: 1 = not known how it came in
)
V_OUT: Final = 9  # fixes outside, one after another
V_WINDOW: Final = 4  # speed: its window
V_DUE: Final = 1  # a report before this time that changes neither zones nor conditions changes nothing here
VISIT_WIDTH: Final = 10

INSIDE: Final = 1  # the last report lay inside
OPEN: Final = (
    2  # stay: running; enter, leave: confirmed inside; speed: broken; cross: came in; absence: watched
)
DONE: Final = 4  # stay: reached `for`; absence: said
HOLDING: Final = 8  # stay: the last report held
COUNTED: Final = 16  # enter, leave, cross: every fix of the run counts
EXEMPT: Final = 32  # the last report lay in a zone that exempts from the rule
WIDE: Final = 64  # stay: the last report lay within the margin

# --- one row a track and sequence rule: how far it has come ---
C_NEXT: Final = 0
C_SEQUENCE: Final = 1
C_ZONE: Final = 2  # count: the zone counted in, -1 = the whole place; sequence: -1
C_COUNT: Final = 3  # count: so many; sequence: -1
C_STEPS: Final = 4  # count: then done at, since when of each, oldest first; sequence: then per step:
# done at, start of the chain, zone of its first step, when that was done
STEP_WIDTH: Final = 4
STEP_AT: Final = 0
STEP_START: Final = 1
STEP_ZONE: Final = 2
STEP_FIRST_AT: Final = 3

# --- speed windows: link of the free list, n, then t << 16 | sog, oldest first ---
W_LINK: Final = 0
W_COUNT: Final = 1
W_ENTRIES: Final = 2

# --- the plan: operators, rules, zones ---
O_KIND: Final = 0
O_RULE: Final = 1
O_ROLE: Final = 2  # OWN, a step's index, or UNLESS
O_BIT: Final = 3
O_FOR: Final = 4
O_TOLERATE: Final = 5
O_FIXES: Final = 6
O_OVER: Final = 7  # -1 = none
O_UNDER: Final = 8
O_WINDOW: Final = 9
O_LEAST: Final = 10
O_SINCE: Final = 11
O_KEEP: Final = 12  # stay: condition bit that keeps it alive, -1 = none
O_AXIS: Final = 13  # 1 = within limits off the axis
O_OFF_OVER: Final = 14  # 0.1 degree, -1 = none
O_OFF_UNDER: Final = 15  # 1801 = none
O_ALONG: Final = 16  # 1 = speed along the axis
O_SLACK: Final = 17  # identity: units
O_WHAT: Final = 18  # identity: clone, jump, change
O_STILL: Final = 19  # drag: 0.1 kn; swing and margin in units
O_SWING: Final = 20
O_MARGIN: Final = 21
OPERATOR_WIDTH: Final = 22

STAY: Final = 0
ENTER: Final = 1
LEAVE: Final = 2
SPEED: Final = 3
CROSS: Final = 4
ABSENCE: Final = 5
IDENTITY: Final = 6
DRAG: Final = 7
OWN: Final = -1
UNLESS: Final = 8  # STEPS_MAX

U_FROM: Final = 0
U_TO: Final = 1
U_COOLDOWN: Final = 2
U_SEQUENCE: Final = 3  # index of the sequence, -1 = a single operator
U_STEPS: Final = 4
U_WITHIN: Final = 5
U_TIMES: Final = 6  # count: so often, 0 = no count
U_EACH: Final = 7  # count: 1 = in one and the same zone
RULE_WIDTH: Final = 8

Z_FROM: Final = 0
Z_TO: Final = 1
Z_SINCE: Final = 2  # the engine knows it since then
Z_EDGES: Final = 3
Z_EDGES_END: Final = 4
Z_CROSSED: Final = 5  # 1 = an operator asks for crossings between fixes
Z_AXIS: Final = 6  # pieces of its axis
Z_AXIS_END: Final = 7
ZONE_WIDTH: Final = 8

A_ZONE: Final = 0  # watch table: zone index (-1 = anywhere), operator
A_OPERATOR: Final = 1
A_WIDE: Final = 2  # stay: the zone with its margin, which is the zone itself where there is none
WATCH_WIDTH: Final = 3

# --- grid numbers ---
G_X0: Final = 0
G_Y0: Final = 1
G_SHIFT: Final = 2
G_NX: Final = 3
G_NY: Final = 4
G_BLOCKS_X: Final = 5
G_TIMED: Final = 6  # 1 = some zone is not always in force
GRID_WIDTH: Final = 7
BLOCK_SHIFT: Final = 4  # 16 x 16 cells a block

INTERIOR: Final = 0
REF_OUTSIDE: Final = 1
REF_INSIDE: Final = 2

# --- numbers a kernel keeps between calls ---
N_TRACKS: Final = 0
N_WAITING: Final = 1  # reports that wait
N_NEXT_NODE: Final = 2  # where to look for a free row of the waiting table
N_VISITS_FREE: Final = 4
N_VISITS_HEAD: Final = 5
N_CHAINS_FREE: Final = 6
N_CHAINS_HEAD: Final = 7
N_WINDOWS_FREE: Final = 8
N_WINDOWS_HEAD: Final = 9
N_EVENTS: Final = 10
N_TOKEN: Final = 11
N_ROW: Final = 12  # next row of the chunk, or of the waiting table
N_AGAIN: Final = 13  # that row is in the waiting table already; the eager pass must redo it
N_WANT: Final = 14  # so many more visits (and chains, windows, events) are wanted
N_LATE: Final = 15
N_LATE_UNSAID: Final = 16
N_NO_FIX: Final = 17
N_NO_POSITION: Final = 18
N_DUPLICATES: Final = 19
N_ROLLBACKS: Final = 20
N_WAITS: Final = 21
N_JUDGED: Final = 22
N_SLOW: Final = 23
N_NEXT_T: Final = 24  # the oldest waiting report
N_SILENT: Final = 25  # no track falls silent before this time
N_NEWEST: Final = 26  # the newest report that is settled
N_HEARD: Final = 27
N_TOUCHED: Final = 28  # means nothing: the sum of what was read ahead, so that the reads are not left out
NUMBERS: Final = 29
BLOCK: Final = 8  # waiting reports are looked through in blocks of 2^8
AHEAD: Final = 32  # reports whose memory is asked for before they are judged

# --- an event as the kernel leaves it ---
E_PASS: Final = 0
E_OPERATOR: Final = 1
E_ZONE: Final = 2
E_TRACK: Final = 3
E_START: Final = 4
E_AT: Final = 5
E_POSITION: Final = 6
E_A: Final = 7  # speed: twice the median; cross: when it went out; sequence: zone of the first step
E_B: Final = 8  # sequence: when the first step was done
E_C: Final = 9  # sequence: when the last step began
E_SOG: Final = 10
E_FIXES: Final = 11
EVENT_WIDTH: Final = 12
