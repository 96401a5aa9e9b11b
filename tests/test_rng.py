import zlib

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.rng import key, named


def bits(k):
    return tuple(np.asarray(jax.random.key_data(k)).tolist())


def test_a_name_is_folded_in_by_its_crc():
    by_hand = jax.random.fold_in(jax.random.fold_in(jax.random.key(7), zlib.crc32(b"batch")), 3)
    assert bits(key(7, "batch", 3)) == bits(by_hand)
    assert bits(key(7)) == bits(jax.random.key(7))
    assert bits(key(7, "batch", 3)) == bits(named(named(jax.random.key(7), "batch"), 3))


def test_bits_are_pinned():
    """A change here lets no run be resumed or repeated."""
    assert bits(key(0, "batch", 5)) == (2507863837, 1872757111)
    assert bits(key(1, "Größe")) == (1648119141, 115735239)


def test_every_name_has_its_own_key():
    paths = [(), ("a",), ("b",), ("a", "b"), ("b", "a"), ("ab",), (0,), (1,), ("0",), ("a", 0), (0, "a"), ("init",)]
    keys = {bits(key(seed, *path)) for seed in (0, 1, 2**31) for path in paths}
    assert len(keys) == 3 * len(paths)


def test_many_steps_have_many_keys():
    steps = jax.vmap(lambda i: jax.random.key_data(key(0, "batch", i)))(jnp.arange(5_000))
    assert len(np.unique(np.asarray(steps), axis=0)) == 5_000


def test_integers_may_be_traced():
    def body(step, _):
        return step + 1, jax.random.key_data(key(3, "batch", step))

    scanned = jax.jit(lambda: jax.lax.scan(body, 0, length=4)[1])()
    for step in range(4):
        assert tuple(np.asarray(scanned[step]).tolist()) == bits(key(3, "batch", step))


def test_keys_are_the_same_in_double_precision():
    from sparsernn.precision import precise

    outside = bits(key(5, "batch", 9))
    with precise():
        assert bits(key(5, "batch", 9)) == outside


def test_draws_of_different_names_are_independent():
    a, b = (jax.random.normal(key(0, name), (20_000,)) for name in ("init", "batch"))
    assert abs(float(jnp.corrcoef(a, b)[0, 1])) < 5 / 20_000**0.5
