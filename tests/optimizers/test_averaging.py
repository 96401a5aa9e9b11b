"""The trigger against the rule of its paper, written out; averages against means over what was there."""

import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.optimizers.averaging import Averaging, averaged

INF = float("inf")


def first_trigger(values, checks):
    """Algorithm 1 of arXiv 1708.02182: at look t, if t > n and v > min(logs[:t - n])."""
    logs = []
    for t, value in enumerate(values):
        if t > checks and value > min(logs[: t - checks]):
            return t
        logs.append(value)
    return None


@pytest.mark.parametrize("checks", [1, 2, 5])
@pytest.mark.parametrize("seed", range(6))
def test_the_trigger_is_that_of_the_paper(checks, seed):
    generator = np.random.default_rng(seed)
    values = np.exp(-0.3 * np.arange(20)) + 0.02 * generator.standard_normal(20)
    values[generator.integers(20)] = INF
    averaging = Averaging(checks)
    average = averaging.init({"b": jnp.zeros(1)}, {})
    for t, value in enumerate(values.astype(np.float32)):
        average = averaging.after_validation(average, float(value), 10 * (t + 1))
    expected = first_trigger(values.astype(np.float32), checks)
    assert int(average.since) == (-1 if expected is None else 10 * (expected + 1))


def test_nothing_is_averaged_before_and_every_update_after():
    averaging = Averaging(1)
    walk = [{"b": jnp.array([float(k), -float(k)])} for k in range(6)]
    average = averaging.init(walk[0], {})
    for w in walk[:2]:
        average = averaging.follow(average, w)
    np.testing.assert_array_equal(averaged(average, walk[1])["b"], walk[1]["b"])
    average = average._replace(since=jnp.int32(2))
    np.testing.assert_array_equal(averaged(average, walk[1])["b"], walk[1]["b"])
    for w in walk[2:]:
        average = averaging.follow(average, w)
    np.testing.assert_allclose(averaged(average, walk[5])["b"], [3.5, -3.5], rtol=1e-6)


def test_an_entry_born_later_averages_over_its_own_life():
    """Three entries: one always there, one dropped and grown anew, one never there."""
    averaging, mask = Averaging(1), jnp.array([[[True, True, False]]])
    average = averaging.init({"m": jnp.zeros((1, 1, 3)), "b": jnp.zeros(1)}, {"m": mask})._replace(since=jnp.int32(0))
    at = lambda *entries, b: {"m": jnp.array([[list(entries)]], float), "b": jnp.array([float(b)])}
    average = averaging.follow(average, at(1, 10, 0, b=2))
    average = averaging.follow(average, at(3, 20, 0, b=4))
    average = averaging.forget(average, {"m": jnp.array([[[False, True, False]]]), "b": jnp.zeros((), bool)})
    born = at(3, 0, 0, b=4)
    np.testing.assert_allclose(averaged(average, born)["m"].ravel(), [2, 0, 0])
    average = averaging.follow(average, at(5, 7, 0, b=6))
    average = averaging.follow(average, at(7, 9, 0, b=8))
    found = averaged(average, at(7, 9, 0, b=8))
    np.testing.assert_allclose(found["m"].ravel(), [4, 8, 0], rtol=1e-6)
    np.testing.assert_allclose(found["b"], [5], rtol=1e-6)
    assert average.age["b"].shape == ()
    np.testing.assert_array_equal(average.age["m"].ravel(), [4, 2, 4])
