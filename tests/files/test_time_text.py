import numpy as np
import pytest

from sparsernn.errors import DataError
from sparsernn.files.time_text import from_datetimes, looks_like_time, parse_times


def parsed(*cells, unit=""):
    return parse_times(list(cells), "x.csv", 0, unit)


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "2020-01-31",
            "2020-01-31T12:00",
            "2020-01-31 12:00:00.123456",
            "2020-01-31T12:00:00Z",
            "2020/1/31",
            "2020-01",
        ),
        *("31.01.2020", "1/31/2020 1:05 PM", "31-Jan-2020 12:00:00", "Jan 31, 2020", "12:30", "12:30:01.5"),
        "2020-01-31T12:00:00+02:00",
    ],
)
def test_what_looks_like_a_time(cell):
    assert looks_like_time(cell)


@pytest.mark.parametrize(
    "cell", ["", "1.5", "2020", "20200131", "1.2.3", "x", "1-2", "12", "-1.5e-3", "1/2/20", "abc 1"]
)
def test_what_does_not(cell):
    assert not looks_like_time(cell)


def test_iso_dates_clocks_zones_and_fractions():
    found = parsed("2020-02-28T23:59:59.75", "2020-02-29T00:00:00.25Z", "2020-02-29T02:00:00.75+02:00", "")
    assert found.unit == "s"
    np.testing.assert_allclose(found.values[:3], [0, 0.5, 1.0])
    assert np.isnan(found.values[3])
    assert parsed("11:59 PM", "12:00 AM").values.tolist() == [0, -86340]
    assert parsed("2020-01-01", "2020-01-02", "2020-01-04", unit="d").values.tolist() == [0, 1, 3]


def test_milliseconds_stay_exact_over_years():
    stamps = np.datetime64("1999-12-31T00:00:00.000") + np.arange(3) * np.timedelta64(1, "ms")
    found = parsed(*map(str, stamps))
    assert found.values.tolist() == [0, 0.001, 0.002]
    assert from_datetimes(stamps).values.tolist() == [0, 0.001, 0.002]


def test_the_order_of_day_and_month_is_found_out_or_refused():
    days = np.datetime64("2020-01-01") + np.arange(40)
    european = [f"{str(d)[8:]}/{str(d)[5:7]}/{str(d)[:4]}" for d in days]
    american = [f"{str(d)[5:7]}/{str(d)[8:]}/{str(d)[:4]}" for d in days]
    for cells, order in ((european, "day, month, year"), (american, "month, day, year")):
        found = parsed(*cells)
        assert found.values.tolist() == (86400.0 * np.arange(40)).tolist()
        assert found.notes == (f"dates are read as {order}",)
    assert parsed(*european[:12]).values.tolist() == (86400.0 * np.arange(12)).tolist(), "only one order is even"
    with pytest.raises(DataError, match="dd/mm/yyyy or mm/dd/yyyy"):
        parsed("01/02/2020", "02/03/2020", "04/03/2020", "05/11/2020")
    with pytest.raises(DataError, match="others mm/dd/yyyy"):
        parsed("13/01/2020", "01/13/2020")


def test_months_and_years_are_even_though_their_days_are_not():
    months = [str(m) for m in np.datetime64("1959-11") + np.arange(20)]
    assert (parsed(*months).unit, np.diff(parsed(*months).values).tolist()) == ("month", [1.0] * 19)
    ends = [str(m.astype("M8[M]").astype("M8[D]") - 1) for m in np.datetime64("1959-11") + np.arange(20)]
    assert parsed(*ends).unit == "month"
    years = parsed("1999-06-15", "2000-06-15", "2001-06-15")
    assert (years.unit, np.diff(years.values).tolist()) == ("year", [1.0, 1.0])


@pytest.mark.parametrize("cells", [("2020-01-01", "soon"), ("2020-02-30", "2020-03-01"), ("2020-13-01", "2020-01-01")])
def test_what_is_no_date_is_refused(cells):
    with pytest.raises(DataError, match=r"x\.csv"):
        parsed(*cells)
