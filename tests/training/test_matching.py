"""Strengths found before training: equal penalties at the beginning, chains, and what cannot be matched."""

import numpy as np
import pytest

from sparsernn import read_spec, run
from sparsernn.errors import SpecError
from sparsernn.operands import split
from sparsernn.training.matching import matched

SPARSE = {"static": {"density": 0.5}}


def trainer(tiny, *regularizers, **fields):
    spec = tiny(regularizers=list(regularizers), sparsifier=SPARSE, **fields)
    return matched(spec, spec.trainer())


def to(other):
    return {"match": {"to": other}}


def test_equal_penalties_at_the_first_update(tiny, tmp_path):
    """As history.csv counts them, with one update that moves next to nothing."""
    parts = [
        {"l1": {"strength": 0.3}},
        {"l2": {"strength": to(0)}},
        {"l2": {"strength": to({"l1": {"strength": 0.2}})}},
    ]
    fields = {"epochs": 1, "updates_per_epoch": 1, "optimizer": {"sgd": {"learning_rate": 1e-9}}}
    record = run(tiny(regularizers=parts, sparsifier=SPARSE, **fields), tmp_path)
    weights = record.weights()["cell0"]["recurrent"]
    assert (weights == 0).sum() == 8, "masked ones do not count"
    assert record.history()["penalty"][0] == pytest.approx((0.3 + 0.3 + 0.2) * np.abs(weights).sum(), rel=1e-5)


def test_chains_and_other_strengths_share_one_skeleton(tiny):
    chain = trainer(tiny, {"l2": {"strength": to(1)}}, {"l2": {"strength": to(2), "reduction": "mean"}}, {"l1": {}})
    first, second, third = (r.strength for r in chain.regularizers)
    assert third == 1e-4
    assert second == pytest.approx(16 * first, rel=1e-5), "16 entries: the mean is a 16th of the sum"
    fixed = trainer(tiny, {"l2": {"strength": 1.0}}, {"l2": {"strength": 1.0, "reduction": "mean"}}, {"l1": {}})
    assert split(fixed)[0] == split(chain)[0]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([{"l2": {"strength": to({"l1": {"strength": 0.0}})}}], r"regularizers.0.strength.match: .* is 0 where"),
        ([{"l2": {"strength": to(3)}}], "there is no regularizer 3"),
        ([{"l2": {"strength": to(-1)}}], "there is no regularizer -1"),
        ([{"l2": {"strength": to(0)}}], "itself matched to this one"),
        ([{"l2": {"strength": to(1)}}, {"l1": {"strength": to(0)}}], "itself matched to this one"),
    ],
)
def test_what_cannot_be_matched_is_said_before_any_work(tiny, tmp_path, parts, said):
    with pytest.raises(SpecError, match=said):
        run(tiny(regularizers=parts), tmp_path)
    assert not list(tmp_path.glob("*/"))


def test_all_problems_at_once(tiny):
    with pytest.raises(SpecError) as caught:
        trainer(tiny, {"l2": {"strength": to(7)}}, {"l1": {"strength": to({"l2": {"strength": 0}})}})
    assert [p.partition(":")[0] for p in caught.value.problems] == [
        "regularizers.0.strength.match",
        "regularizers.1.strength.match",
    ]


def test_problems_of_a_strength_name_what_was_meant(tree):
    for strength, said in {
        -1: "strength must not be negative",
        float("nan"): "strength: input should be a finite number",
        "many": "strength: ",
    }.items():
        with pytest.raises(SpecError, match=said):
            read_spec(tree(regularizers=[{"l1": {"strength": strength}}]))
    with pytest.raises(SpecError, match=r'unknown regularizer "l3"'):
        read_spec(tree(regularizers=[{"l1": {"strength": to("l3")}}]))


def test_the_number_is_kept_with_the_run_and_names_nothing(tiny, tmp_path):
    """The directory is named by what was asked for; what was found is beside the weights."""
    asked = tiny(regularizers=[{"l1": {}}, {"l2": {"strength": to({"l1": {"strength": 0.2}})}}])
    record = run(asked, tmp_path)
    kept = record.regularizers()
    assert set(kept) == {"strength/1"}
    number = matched(asked, asked.trainer()).regularizers[1].strength
    np.testing.assert_array_equal(kept["strength/1"], number)
    assert record.spec["regularizers"][1]["l2"]["strength"] == {"match": {"to": {"l1": record_l1(0.2)}, "at": "init"}}
    same = run(tiny(regularizers=[{"l1": {}}, {"l2": {"strength": number}}]), tmp_path)
    assert same.identity != record.identity
    np.testing.assert_array_equal(same.history()["loss"], record.history()["loss"])


def record_l1(strength):
    return {"strength": strength, "where": ["recurrent"], "reduction": "sum"}
