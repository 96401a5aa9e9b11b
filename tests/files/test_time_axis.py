import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.files.time_axis import agree, called_counter, called_time, canonical, grid, in_seconds, judge, unit_in

N = np.arange(400)


@pytest.mark.parametrize(
    ("t", "dt"),
    [
        (0.05 * N, 0.05),
        (1.6e9 + 0.05 * N, 0.05),
        (np.cumsum(np.full(400, 0.1)), 0.1),
        ((0.01 * N).astype(np.float32).astype(float), 0.01),
        (np.round(N / 360, 3), 1 / 360),
        (np.floor(1000 * N / 360), 1000 / 360),
        (N[:2] * 3.0, 3.0),
        (-5.0 + N, 1.0),
    ],
)
def test_times_that_are_even_up_to_their_rounding(t, dt):
    axis = judge(t)
    assert axis.fault == ""
    assert axis.dt == pytest.approx(dt, rel=1e-4)
    assert abs(axis.dt - dt) <= axis.slack + 1e-4 * dt


def test_the_step_is_the_shortest_decimal():
    assert judge(0.05 * N).dt == 0.05
    assert judge(0.1 * N[:3]).dt == 0.1


@pytest.mark.parametrize("digits", [2, 3, 6, 12])
def test_jitter_beyond_rounding(digits):
    rng = np.random.default_rng(0)
    for scale in (0.02, 0.5):
        t = np.round(np.arange(400) + scale * rng.uniform(-1, 1, 400), digits)
        assert judge(t).fault == "jitter"


@pytest.mark.parametrize("rows", [5, 9, 20, 400])
@pytest.mark.parametrize("place", [1, 0.3, 0.5, -2])
@pytest.mark.parametrize("jump", [1, 2, 40])
def test_missing_rows_are_never_taken_for_rounding(rows, place, jump):
    """Whole numbers have a rounding as wide as their step."""
    row = int(place * rows) if isinstance(place, float) else place % rows
    t = np.arange(rows) + jump * (np.arange(rows) >= row)
    assert judge(t.astype(float)).fault != ""
    axis = judge(0.1 * t)
    assert axis.fault != ""
    if 2 < row < rows - 2 and rows > 8:
        assert (axis.fault, axis.breaks) == ("pause", (row,))
        assert axis.dt == pytest.approx(0.1)


def test_restarts_repeats_and_disorder():
    assert judge(np.concatenate([N, N]) * 0.1)[:3] == (0.1, "restart", (400,))
    assert judge(np.repeat(0.1 * N, 3)).fault == "repeats"
    assert judge(np.random.default_rng(0).permutation(N) * 1.0).fault == "repeats"
    assert judge(np.zeros(9)).fault == "repeats"
    assert judge(np.zeros(1)).dt is None


def test_grid_of_jittered_times_keeps_the_mean_step():
    t = np.cumsum(np.random.default_rng(0).exponential(0.05, 4000))
    _, dt, stretches, repeats = grid(t)
    assert dt == pytest.approx(0.05, rel=0.05)
    assert repeats == 0
    assert len(stretches) < 10
    assert stretches[0][0] == 0
    assert stretches[-1][1] == 4000


def test_names():
    assert {
        n: called_time(n) for n in ("time", "Time [ms]", "Timestamp", "date", "t", "t_ms", "ms", "seconds", "V")
    } == {
        "time": "strong",
        "Time [ms]": "strong",
        "Timestamp": "strong",
        "date": "strong",
        "t": "weak",
        "t_ms": "weak",
        "ms": "weak",
        "seconds": "weak",
        "V": "",
    }
    assert not called_time("Na conductance")
    assert not called_time("temperature")
    assert [unit_in(n) for n in ("time [ms]", "t/ms", "Time (s)", "elapsed_us", "seconds", "t", "V [mV]")] == [
        *("ms", "ms", "s", "us", "s", "", "")
    ]
    assert called_counter("Unnamed: 0")
    assert called_counter("index")
    assert not called_counter("x")


def test_units_and_intervals():
    assert canonical("milliseconds") == canonical("ms") == "ms"
    assert canonical(None) == ""
    with pytest.raises(SpecError, match='time unit "mss", did you mean'):
        canonical("mss")
    assert in_seconds(4, "ms") == 0.004
    assert in_seconds(1, "month") is None
    assert agree(4, "ms", 0.004, "s")
    assert not agree(4, "ms", 4, "s")
    assert not agree(1, "month", 1, "year")
    assert agree(4, "", 4, "s")
