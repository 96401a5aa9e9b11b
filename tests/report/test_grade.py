"""The grade of a network: what it weighs, what it never says, and that a better number never lowers it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsernn.errors import Undefined
from sparsernn.report.grade import Grade, grade, of_seeds
from sparsernn.report.grade_numbers import GRADES

PERFECT = {
    "reconstruction/d_stsp": 0.11,
    "reconstruction/d_stsp_sd": 0.02,
    "reconstruction/d_stsp_floor": 0.106,
    "reconstruction/d_stsp_floor_sd": 0.01,
    "reconstruction/d_stsp_ceiling": 15.7,
    "reconstruction/d_stsp_of_training_data": 0.1,
    "reconstruction/d_h": 0.05,
    "reconstruction/d_h_floor": 0.0499,
    "reconstruction/prediction_error": 0.01,
    "reconstruction/error_at_1": 1e-5,
    "reconstruction/collapsed": 0.0,
    "reconstruction/frozen": 0.0,
    "reconstruction/escaped": 0.0,
    "reconstruction/largest_exponent": 0.88,
    "reconstruction/largest_exponent_true": 0.905,
    "baselines/mean/prediction_error": 1.0,
    "baselines/persistence/prediction_error": 1.3,
    "baselines/mean/error_at_1": 1.0,
    "baselines/persistence/error_at_1": 0.02,
}


def of(**changed):
    return grade(PERFECT | {f"reconstruction/{key}": value for key, value in changed.items()})


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "excellent"),
        ({"d_stsp": 0.2}, "good"),
        ({"d_stsp": 0.8}, "good"),
        ({"d_stsp": 3.0}, "partial"),
        ({"d_stsp": 9.0}, "failed"),
        ({"d_stsp": 15.7}, "failed"),
        ({"d_stsp": 0.01}, "excellent"),
        ({"d_stsp": 0.8, "d_stsp_floor_sd": Undefined("one value only"), "d_stsp_floor": 0.089}, "good"),
        # lost runs
        ({"collapsed": 1.0}, "failed"),
        ({"frozen": 1.0}, "failed"),
        ({"escaped": 1.0}, "failed"),
        ({"escaped": 0.5}, "failed"),
        ({"collapsed": 0.25}, "partial"),
        # the other numbers
        ({"d_h": 0.2}, "good"),
        ({"d_h": 0.9}, "partial"),
        ({"d_h": Undefined("a column of the free run is constant")}, "partial"),
        ({"largest_exponent": -0.2}, "partial"),
        ({"largest_exponent": 0.3}, "good"),
        ({"prediction_error": 2.0}, "excellent"),  # late errors of a perfect model of chaos
        ({"prediction_error": 2.0, "error_at_1": 0.5}, "partial"),
        ({"prediction_error": Undefined("a run overflows within 20 steps")}, "partial"),
        ({"d_stsp_sd": 6.0}, "partial"),
        # places alone: the right rows in any order, noise of the same shape
        ({"d_stsp": 0.0, "d_h": 0.86, "prediction_error": 1.9, "error_at_1": 1.9}, "failed"),
        ({"d_stsp": 3.2, "d_h": 0.86, "prediction_error": 1.9, "error_at_1": 1.9}, "failed"),
        ({"d_stsp": 0.1, "d_h": 0.4, "prediction_error": 1.9, "error_at_1": 1.9}, "partial"),
        ({"d_h": Undefined("in the reference, smoothing flattens a spectrum of 26 bins")}, "excellent"),
        # where D_stsp cannot tell
        ({"d_stsp_floor": 2.04, "d_stsp_floor_sd": 2.99, "d_stsp": 0.6}, "undecidable"),
        ({"d_stsp_floor": 2.04, "d_stsp_floor_sd": 2.99, "d_stsp": 12.0}, "failed"),
        ({"d_stsp_floor": 2.04, "d_stsp_floor_sd": 0.5, "d_stsp": 0.6}, "excellent"),
        ({"d_stsp_floor": 8.0, "d_stsp": 8.0}, "undecidable"),
        ({"d_stsp_floor": 8.0, "d_stsp": 0.5}, "undecidable"),
        ({"d_stsp_floor": 8.0, "d_stsp": 15.7}, "failed"),
        ({"d_stsp_floor": 17.0}, "undecidable"),
        ({"d_stsp_floor": Undefined("too short")}, "undecidable"),
        ({"d_stsp_floor": Undefined("too short"), "d_stsp": 15.0}, "failed"),
        ({"d_stsp_ceiling": Undefined("odd")}, "undecidable"),
        ({"d_stsp": Undefined("the generated series never comes near")}, "failed"),
        ({"d_stsp": float("nan")}, "failed"),
        ({"d_stsp_of_training_data": 14.0, "d_stsp": 15.0}, "undecidable"),
        ({"d_stsp_of_training_data": 14.0, "d_stsp": 0.3}, "good"),
        ({"d_stsp_of_training_data": 14.0, "d_stsp": 15.0, "collapsed": 1.0}, "failed"),
        ({"d_stsp_of_training_data": 14.0, "d_stsp": 15.7, "escaped": 1.0}, "undecidable"),
        ({"d_stsp_of_training_data": 2.0, "d_stsp": 1.9}, "good"),  # no worse than a copy of what it was shown
    ],
)
def test_grades(changed, expected):
    found = of(**changed)
    assert found.grade == expected, found
    assert found.reasons
    assert all(reason.endswith(".") and reason[0].isupper() for reason in found.reasons), found.reasons


WALK = {
    "d_stsp_floor": 6.0, "d_stsp_floor_sd": Undefined("one value only"), "d_stsp_of_training_data": 14.0,
    "d_stsp": 15.7, "d_h": 0.86, "d_h_floor": 0.1, "error_at_1": 0.021, "prediction_error": 1.1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "undecidable"),
        ({"escaped": 1.0}, "undecidable"),
        ({"escaped": 1.0, "error_at_1": 0.5, "prediction_error": 9.0}, "failed"),
        ({"collapsed": 1.0}, "failed"),
        ({"d_stsp_floor": 14.0, "collapsed": 1.0}, "failed"),
    ],
)
def test_of_data_that_drift_or_are_short_one_story_is_told(changed, expected):
    """A random walk: nobody predicts more of it than its last value."""
    found = of(**(WALK | changed))
    assert found.grade == expected, found
    assert ("cannot tell" in " ".join(found.reasons)) == (expected == "undecidable"), found


def test_a_small_d_h_of_few_cycles_proves_nothing():
    assert "Its rhythms are those of the data" in " ".join(of(cycles=20.0).reasons)
    few = of(cycles=6.2)
    assert few.grade == "excellent"
    assert "D_H 0.05 (floor 0.0499) says little: the test stretch holds about 6.2 cycles" in " ".join(few.reasons)
    assert "rhythms differ" in " ".join(of(cycles=6.2, d_h=0.5).reasons)


def test_a_run_that_stood_still_or_left_leads_with_that():
    assert of(collapsed=1.0, d_stsp=4.0).reasons[0] == "All of its free runs stood still."
    assert of(escaped=1.0, d_stsp=15.7).reasons[0] == "All of its free runs left the range of the data."


def test_no_share_is_negative():
    for value in (0.0, 0.05, 0.09, 5.0):
        for floor in (0.1, 0.3, 1.0, 9.0):
            said = " ".join(of(d_stsp=value, d_stsp_floor=floor, d_stsp_floor_sd=0.0).reasons)
            assert "-" not in said.split("mean", 1)[0], said
            assert "\N{MINUS SIGN}" not in said.split("exponent", 1)[0], said


def test_nearly_perfect_and_useless_never_get_the_same_words():
    near, useless = of(), of(d_stsp=15.0, d_h=0.9, prediction_error=3.0, error_at_1=2.0, largest_exponent=-1.0)
    assert near.grade != useless.grade
    assert not set(near.reasons) & set(useless.reasons)


def test_keys_without_their_prefix_and_nothing_measured():
    short = {key.removeprefix("reconstruction/"): value for key, value in PERFECT.items()}
    assert grade(short) == grade(PERFECT)
    assert grade({}) == Grade("undecidable", ("D_stsp is not measured.",))
    assert grade({"d_stsp": 0.2, "d_stsp_floor": 0.1, "d_stsp_ceiling": 15.0}).grade == "good"


# ------------------------------------------------------------------------------------------------------- monotone

shares = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
sizes = st.floats(0, 20)
maybe = lambda values: st.one_of(values, st.just(Undefined("it does not exist")))
NUMBERS = st.fixed_dictionaries(
    {
        "d_stsp": maybe(sizes),
        "d_stsp_sd": maybe(st.floats(0, 10)),
        "d_stsp_floor": maybe(sizes),
        "d_stsp_floor_sd": maybe(st.floats(0, 2)),
        "d_stsp_ceiling": maybe(sizes),
        "d_stsp_of_training_data": maybe(sizes),
        "d_h": maybe(st.floats(0, 1)),
        "d_h_floor": maybe(st.floats(0, 1)),
        "prediction_error": maybe(st.floats(0, 4)),
        "error_at_1": maybe(st.floats(0, 4)),
        "collapsed": shares,
        "frozen": shares,
        "escaped": shares,
        "largest_exponent": maybe(st.floats(-3, 3)),
        "largest_exponent_true": maybe(st.floats(-3, 3)),
        "baselines/mean/prediction_error": maybe(st.floats(0, 2)),
        "baselines/persistence/prediction_error": maybe(st.floats(0, 2)),
        "baselines/mean/error_at_1": maybe(st.floats(0, 2)),
        "baselines/persistence/error_at_1": maybe(st.floats(0, 2)),
    }
)
LOWER = (
    "d_stsp", "d_stsp_sd", "d_h", "prediction_error", "error_at_1", "collapsed", "frozen", "escaped",
)  # fmt: skip


@given(NUMBERS, st.sampled_from(LOWER), st.floats(0, 1))
@settings(max_examples=600, deadline=None)
def test_a_lower_number_never_lowers_the_grade(numbers, key, factor):
    before = numbers[key]
    better = numbers | {key: before * factor if not isinstance(before, Undefined) else factor}
    if isinstance(before, Undefined) and key == "d_stsp_sd":
        return  # an sd that does not exist says nothing; one that does may be large
    assert grade(better).rank >= grade(numbers).rank, (key, before, better[key])


@given(NUMBERS, st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_an_exponent_nearer_to_the_true_one_never_lowers_the_grade(numbers, factor):
    own, true = numbers["largest_exponent"], numbers["largest_exponent_true"]
    if isinstance(true, Undefined):
        return
    nearer = true if isinstance(own, Undefined) else true + factor * (own - true)
    assert grade(numbers | {"largest_exponent": nearer}).rank >= grade(numbers).rank


@given(NUMBERS)
@settings(max_examples=300, deadline=None)
def test_what_stood_still_or_left_is_never_partial_or_better(numbers):
    for key in ("collapsed", "escaped"):
        assert grade(numbers | {key: 1.0}).grade in ("failed", "undecidable")
    assert grade(numbers | {"collapsed": 1.0}).grade == "failed"


# ---------------------------------------------------------------------------------------------------------- seeds


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["good"], "good"),
        (["failed", "good", "excellent"], "good"),
        (["failed", "excellent"], "failed"),
        (["excellent", "good", "partial", "failed"], "partial"),
        (["excellent"] * 3, "excellent"),
    ],
)
def test_several_seeds_are_graded_by_their_median(names, expected):
    found = of_seeds(Grade(name, ("Why.",)) for name in names)
    assert found.grade == expected
    if len(set(names)) > 1:
        assert found.reasons[0].startswith(f"The median of {len(names)} seeds: ")
        assert all(name in found.reasons[0] for name in names)


def test_grades_are_ordered():
    ranks = [Grade(name, ()).rank for name in GRADES]
    assert ranks == sorted(ranks)


def test_words_beside_runs_that_stood_still_and_at_the_best_horizon():
    still = " ".join(grade(PERFECT | {"reconstruction/collapsed": 1.0}).reasons)
    assert "stood still" in still
    assert "rhythms are those of the data" not in still
    late = {"reconstruction/prediction_error": 1.2, "reconstruction/error_at_1": 0.0198}
    assert "Its prediction error 1 step ahead is 0.99 times that" in " ".join(grade(PERFECT | late).reasons)
    late["reconstruction/error_at_1"] = 0.019999
    assert "1 step ahead is barely below that" in " ".join(grade(PERFECT | late).reasons)


def test_hundreds_of_times_next_to_nothing_is_told_as_a_share():
    said = " ".join(of(d_stsp=0.585, d_stsp_floor=0.000879, d_stsp_floor_sd=0.0, d_stsp_of_training_data=0.0).reasons)
    assert "D_stsp 0.585 is near the floor: 4 % of the way from there to the ceiling" in said
    assert "666" not in said
    assert "1.9 times the floor" in " ".join(of(d_stsp=0.2).reasons)
