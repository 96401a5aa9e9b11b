import numpy as np
import pytest

from sparsernn.errors import Undefined
from sparsernn.report.spread import paired_difference, spread


def test_mean_and_sd():
    found = spread([1.0, 2.0, 6.0])
    assert (found.mean, found.lowest, found.highest, found.n, found.of) == (3.0, 1.0, 6.0, 3, 3)
    assert found.sd == pytest.approx(np.sqrt((4 + 1 + 9) / 2))


def test_undefined_values_are_left_out_and_said():
    found = spread([1.0, Undefined("it is constant"), 3.0, None])
    assert (found.mean, found.n, found.of) == (2.0, 2, 4)
    assert found.reasons == ("it is constant", "not measured")


def test_all_undefined():
    found = spread([Undefined("no edges")])
    assert isinstance(found.mean, Undefined)
    assert found.mean == "no edges"
    assert found.n == 0
    assert spread([]).of == 0


def test_one_seed_has_no_sd():
    assert isinstance(spread([1.0]).sd, Undefined)


def test_a_constant_difference_has_a_point_interval():
    a = {s: float(s) for s in range(8)}
    found = paired_difference(a, {s: v + 2.0 for s, v in a.items()})
    assert (found.mean, found.low, found.high, found.n) == (-2.0, -2.0, -2.0, 8)
    assert found.verdict == "lower"
    assert paired_difference({s: v + 2.0 for s, v in a.items()}, a).verdict == "higher"


def test_few_seeds_decide_nothing():
    a = {0: 1.0, 1: 2.0}
    assert paired_difference(a, {0: 5.0, 1: 5.5}).verdict == "undecided with 2 seeds"
    lone = paired_difference({0: 1.0}, {0: 5.0})
    assert lone.mean == -4.0
    assert isinstance(lone.low, Undefined)


def test_two_seeds_span_the_interval():
    # of 10,000 resamples of two differences a quarter holds only the first and a quarter only the second
    found = paired_difference({0: 1.0, 1: 4.0}, {0: 0.0, 1: 0.0})
    assert (found.low, found.high) == (1.0, 4.0)


def test_pairs_need_both_and_only_shared_seeds_count():
    found = paired_difference({0: 1.0, 1: 2.0, 2: 3.0, 9: 100.0}, {0: 0.0, 1: Undefined("collapsed"), 2: 0.0})
    assert (found.mean, found.n) == (2.0, 2)


def test_interval_covers_a_normal_mean():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(100):
        gaps = rng.normal(1.0, 1.0, 30)
        found = paired_difference(dict(enumerate(gaps)), dict.fromkeys(range(30), 0.0), draws=1000)
        hits += found.low <= 1.0 <= found.high
    assert 87 <= hits <= 99  # 95 % nominal, a little less for the percentile interval at n = 30
