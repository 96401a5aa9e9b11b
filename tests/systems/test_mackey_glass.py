import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sparsernn.errors import SpecError
from sparsernn.systems.mackey_glass import mackey_glass


def reference(first, tau, delays):
    """By the method of steps: over each delay an ordinary equation, solved adaptively by SciPy (Dormand-Prince 8)."""
    pieces, now = [lambda t: np.full_like(np.asarray(t, float), first)], first
    for k in range(delays):
        past = pieces[-1]
        slope = lambda t, y, past=past: 0.2 * past(t - tau) / (1 + past(t - tau) ** 10) - 0.1 * y
        solved = solve_ivp(
            slope, (k * tau, (k + 1) * tau), [now], method="DOP853", rtol=1e-11, atol=1e-12, dense_output=True
        )
        pieces.append(lambda t, solved=solved: solved.sol(t)[0])
        now = solved.y[0, -1]
    return np.array([pieces[1 + int(t // tau)](t) for t in range(int(delays * tau))])


@pytest.mark.parametrize("tau", [17.0, 23.0])
def test_against_an_independent_integrator(tau):
    found = mackey_glass(int(5 * tau), tau, transient=0)
    np.testing.assert_allclose(found, reference(found[0], tau, 5), atol=5e-9)
    assert np.ptp(found) > 0.3


def test_the_error_falls_with_the_fourth_power_of_the_step():
    fine = mackey_glass(100, transient=0, substeps=40)
    errors = [np.abs(mackey_glass(100, transient=0, substeps=n) - fine).max() for n in (5, 10)]
    assert 10 < errors[0] / errors[1] < 24
    assert np.abs(mackey_glass(100, transient=0, method="euler") - fine).max() > 1e-3


def test_seeds_and_range():
    one, again, other = (mackey_glass(500, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)
    assert 0.2 < one.min() < one.max() < 1.5


def test_below_its_threshold_it_is_periodic():
    """At tau = 7 a limit cycle, at 23 none."""
    regular, chaotic = (mackey_glass(600, tau) for tau in (7.0, 23.0))
    peaks = lambda x: x[1:-1][(x[1:-1] > x[:-2]) & (x[1:-1] > x[2:])]
    assert np.ptp(peaks(regular)) < 0.02
    assert np.ptp(peaks(chaotic)) > 0.2


@pytest.mark.parametrize("bad", [{"tau": 0.55}, {"rows": 0}, {"substeps": 0}, {"transient": -1.0}])
def test_bad_numbers(bad):
    with pytest.raises(SpecError, match="whole number of steps"):
        mackey_glass(**({"rows": 10} | bad))
