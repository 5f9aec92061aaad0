from __future__ import annotations

from jiangdun.hall import sources


def test_before_the_ears_have_spoken_every_source_was_never_heard() -> None:
    pulse = sources.without_ears({}, 5_000)
    assert pulse["t_ms"] == 5_000
    assert {row["code"]: row["state"] for row in pulse["sources"]} == {"ais": "never", "jt808": "never"}


def test_ears_that_fell_silent_leave_no_source_looking_heard() -> None:
    health = {"last_heard_ms": {"ais": 4_000}, "counters": {}, "links": {"ais": 2}, "lag_p99_s": {}}
    last = {"t_ms": 4_500, "sources": sources.of(health, 4_500), "units": {"1": {"unit_id": "u"}}}
    assert last["sources"][0]["state"] == "heard"
    pulse = sources.without_ears(last, 9_000)
    assert {row["code"]: row["state"] for row in pulse["sources"]} == {"ais": "silent", "jt808": "never"}
    assert pulse["units"] == last["units"]
