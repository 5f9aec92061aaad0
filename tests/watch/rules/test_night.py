"""Night by the sun: published times, the poles, and the same answer however reports are batched."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.watch.rules import night
from jiangdun.watch.rules.night import DAY_MS, HOUR_MS, TWILIGHT_MS, half_day_ms, is_night, solar_equation_ms

MINUTE = 60_000


def ms(*moment):
    return round(datetime(*moment, tzinfo=UTC).timestamp() * 1000)


def dark(t, lon, lat):
    return bool(
        is_night(np.array([t]), np.array([round(lon * 600_000)]), np.array([round(lat * 600_000)]))[0]
    )


PUBLISHED = [  # place, lon, lat, sunrise and sunset in UTC, as printed in almanacs
    ("Greenwich, June solstice", 0.0, 51.48, ms(2024, 6, 21, 3, 43), ms(2024, 6, 21, 20, 21)),
    ("Greenwich, December solstice", 0.0, 51.48, ms(2024, 12, 21, 8, 4), ms(2024, 12, 21, 15, 53)),
    ("Beijing, June solstice", 116.4, 39.9, ms(2024, 6, 20, 20, 46), ms(2024, 6, 21, 11, 46)),
    ("Shanghai, December solstice", 121.47, 31.23, ms(2024, 12, 20, 22, 49), ms(2024, 12, 21, 8, 56)),
]


@pytest.mark.parametrize(("place", "lon", "lat", "rise", "set_"), PUBLISHED)
def test_night_ends_half_an_hour_before_the_published_sunrise_and_begins_half_an_hour_after_sunset(
    place, lon, lat, rise, set_
):
    slack = 2 * MINUTE
    assert dark(rise - TWILIGHT_MS - slack, lon, lat)
    assert not dark(rise - TWILIGHT_MS + slack, lon, lat)
    assert not dark(set_ + TWILIGHT_MS - slack, lon, lat)
    assert dark(set_ + TWILIGHT_MS + slack, lon, lat)


def test_the_sun_that_does_not_set_makes_no_night_and_the_one_that_does_not_rise_no_day():
    summer, winter = ms(2024, 6, 21), ms(2024, 12, 21)
    hours = range(24)
    assert not any(dark(summer + h * HOUR_MS, 25.0, 71.0) for h in hours)
    assert all(dark(winter + h * HOUR_MS, 25.0, 80.0) for h in (0, 3, 6, 18, 21))
    assert half_day_ms(np.array([winter // HOUR_MS]), np.array([8_000]))[0] == 0


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4_102_444_800_000),
            st.integers(-180 * 600_000, 180 * 600_000),
            st.integers(-91 * 600_000, 91 * 600_000),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_the_table_the_formula_and_single_reports_agree(rows):
    t, lon, lat = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    together = is_night(t, lon, lat).tolist()
    assert together == [bool(is_night(*row)) for row in rows]
    hour, cell = t // HOUR_MS, np.clip(lat, -90 * 600_000, 90 * 600_000) // night._LAT_CELL
    solar = (t + lon * 2 // 5 + solar_equation_ms(hour)) % DAY_MS
    by_formula = np.abs(solar - DAY_MS // 2) >= half_day_ms(hour, cell) + TWILIGHT_MS
    assert together == by_formula.tolist()


def test_no_reports_give_no_answers():
    assert is_night(np.array([]), np.array([]), np.array([])).shape == (0,)
