"""Moments by hand; plain, NumPy and traced steps agree."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.sparsifiers.base import Clock
from sparsernn.sparsifiers.schedule import Cubic, EveryEpoch, EverySteps, OneShot, PerRound


@pytest.mark.parametrize(
    ("schedule", "steps"),
    [
        (OneShot(), [50]),
        (OneShot(at=1.0), [100]),
        (OneShot(at=1e-9), [1]),
        (OneShot(at=3, unit="epochs"), [30]),
        (OneShot(at=2.5, unit="epochs"), [25]),
        (OneShot(at=1, unit="steps"), [1]),
        (OneShot(at=17, unit="steps"), [17]),
        (EveryEpoch(), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]),
        (EveryEpoch(every=4), [40, 80]),
        (EverySteps(every=33), [33, 66, 99]),
        (EverySteps(every=101), []),
        (Cubic(), [10, 20, 30, 40, 50]),
        (Cubic(begin=0.2, end=0.7, every=2), [40, 60]),
        (Cubic(begin=0.1, end=0.2, every=3, unit="steps"), [13, 16, 19]),
        (PerRound(), []),
    ],
)
def test_moments(schedule, steps):
    clock = Clock(0, 0, 10, 10)
    assert schedule.moments(clock).steps.tolist() == steps
    plain = [s for s in range(120) if schedule.due(Clock(s, 0, 10, 10))]
    assert plain == steps
    every = np.arange(120)
    array = np.broadcast_to(schedule.due(Clock(every, 0, 10, 10)), every.shape)
    assert np.flatnonzero(array).tolist() == steps
    traced = jax.jit(lambda s: jnp.asarray(schedule.due(Clock(s, 0, 10, 10))))
    assert [s for s in range(120) if traced(s)] == steps
    assert [int(schedule.index(Clock(s, 0, 10, 10))) for s in steps] == list(range(len(steps)))


def test_what_is_left_follows_the_cube_and_ends_at_zero():
    remaining = Cubic().remaining(Clock(0, 0, 10, 10))
    np.testing.assert_allclose(remaining, [0.512, 0.216, 0.064, 0.008, 0.0], rtol=1e-12)
    assert remaining[-1] == 0.0
    assert OneShot().remaining(Clock(0, 0, 10, 10)).tolist() == [0.0]


def test_what_is_left_at_any_step_is_what_the_last_moment_left():
    clock, steps = Clock(0, 0, 10, 10), np.array([1, 9, 10, 19, 20, 45, 50, 99])
    found = Cubic().remaining_at(clock, steps)
    np.testing.assert_allclose(found, [1, 1, 0.512, 0.512, 0.216, 0.008, 0, 0], rtol=1e-12)
    assert OneShot().remaining_at(clock, np.array([49, 50, 51])).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "schedule",
    [
        OneShot(at=101, unit="steps"),
        OneShot(at=11, unit="epochs"),
        Cubic(begin=0.5, end=0.52),
        Cubic(every=6),
        Cubic(every=51, unit="steps"),
    ],
)
def test_a_ramp_that_never_acts_is_an_error(schedule):
    with pytest.raises(SpecError, match="never"):
        schedule.moments(Clock(0, 0, 10, 10))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: OneShot(at=0.0),
        lambda: OneShot(at=1.5),
        lambda: Cubic(begin=0.5, end=0.5),
        lambda: Cubic(end=1.1),
        lambda: Cubic(every=0),
        lambda: EveryEpoch(every=0),
        lambda: EverySteps(every=0),
    ],
)
def test_impossible_fields(wrong):
    with pytest.raises(SpecError):
        wrong()
