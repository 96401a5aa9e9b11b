import numpy as np
import pytest

from sparsernn.errors import Undefined
from sparsernn.report.spread import holm, paired_difference, sign_flip, spread


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


@pytest.mark.parametrize("n", [6, 8, 12])
def test_chance_is_called_a_difference_as_rarely_as_promised(n):
    """Of differences that are nothing but noise at most one in twenty may be called real."""
    rng = np.random.default_rng(n)
    for draw in (lambda: rng.normal(size=n), lambda: np.where(rng.random(n) < 0.3, 15.0, rng.normal(0.2, 0.05, n))):
        trials, called = 300, 0
        for _ in range(trials):
            a, b = ({s: float(v) for s, v in enumerate(draw())} for _ in range(2))
            called += paired_difference(a, b, draws=1_000).verdict in ("lower", "higher")
        assert called / trials < 0.05 + 3 * (0.05 * 0.95 / trials) ** 0.5


def test_a_real_difference_is_seen():
    rng = np.random.default_rng(0)
    a = {s: float(v) for s, v in enumerate(rng.normal(0, 1, 10))}
    b = {s: v + 2 + 0.1 * s for s, v in a.items()}
    found = paired_difference(a, b)
    assert (found.verdict, found.n) == ("lower", 10)
    assert found.low < found.mean < found.high < 0
    assert found.p == pytest.approx(2 / 2**10)
    assert found.judged(0.2).verdict == "undecided"


def test_what_breaks_more_often_does_not_win_by_it():
    a = {s: 1.0 + 0.01 * s for s in range(10)}
    b = {s: Undefined("frozen") if s < 3 else 5.0 for s in range(10)}
    found = paired_difference(a, b)
    assert found.verdict == "undecided: undefined at 0 and 3 seeds"
    assert found.n == 7


def test_sign_flips_on_paper():
    assert sign_flip(np.array([1.0, 1.0, 1.0])) == 2 / 8
    assert sign_flip(np.array([1.0, 1.0, -2.0])) == 1.0
    assert sign_flip(np.arange(1.0, 21.0), draws=2_000) < 0.01, "above 16 differences by drawing"


def test_holm_on_paper():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([]) == []
