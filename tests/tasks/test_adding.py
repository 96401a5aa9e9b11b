import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.precision import precise
from sparsernn.tasks.adding import Adding
from sparsernn.tasks.base import SPLITS


def positions(batch):
    """(B, 2), first and second marked step."""
    marks = np.asarray(batch.inputs[..., 1])
    assert set(np.unique(marks)) <= {0.0, 1.0}
    assert (marks.sum(axis=0) == 2).all()
    return np.array([np.flatnonzero(column) for column in marks.T])


def draw(task, size=20_000, seed=0):
    return task.batch(task.data("train"), jax.random.key(seed), size)


@pytest.mark.parametrize("task", [Adding(10), Adding(11), Adding(2), Adding(6, "anywhere"), Adding(2, "anywhere")])
def test_target_is_the_sum_of_the_two_marked_values(task):
    batch = draw(task, 500)
    values = np.asarray(batch.inputs[..., 0])
    first, second = positions(batch).T
    at = np.arange(500)
    np.testing.assert_allclose(batch.targets[:, 0], values[first, at] + values[second, at], rtol=1e-6)
    assert batch.targets.shape == (500, 1)
    assert values.min() >= 0
    assert values.max() < 1
    assert values.mean() == pytest.approx(0.5, abs=4 * (1 / 12 / values.size) ** 0.5)


@pytest.mark.parametrize("length", [10, 11])
def test_one_mark_in_each_half(length):
    first, second = positions(draw(Adding(length))).T
    half = length // 2
    for position, low, high in ((first, 0, half), (second, half, length)):
        counts = np.bincount(position, minlength=length)
        assert counts[:low].sum() == counts[high:].sum() == 0
        expected = 20_000 / (high - low)
        assert np.abs(counts[low:high] - expected).max() < 5 * expected**0.5


def test_marks_anywhere_are_every_pair_equally_often():
    pairs, counts = np.unique(positions(draw(Adding(5, "anywhere"))), axis=0, return_counts=True)
    assert len(pairs) == 10
    assert np.abs(counts - 2_000).max() < 5 * 2_000**0.5


def test_training_sequences_never_repeat():
    task = Adding(50)
    batches = [np.asarray(draw(task, 100, seed).inputs[..., 0]).T for seed in range(20)]
    assert len(np.unique(np.concatenate(batches), axis=0)) == 2_000


def test_batches_of_held_out_splits_are_rows_of_them():
    task = Adding(8, held_out=5)
    known, answers = (np.asarray(a) for a in task.data("test"))
    drawn = task.batch(task.data("test"), jax.random.key(0), 200)
    same = (np.swapaxes(drawn.inputs, 0, 1)[:, None] == known).all(axis=(2, 3))
    assert (same.sum(axis=1) == 1).all()
    assert same.sum(axis=0).min() > 10
    np.testing.assert_array_equal(drawn.targets, answers[same.argmax(axis=1)])


def test_same_bits_in_double_precision():
    task = Adding(20, held_out=7)
    outside = [np.asarray(b.inputs) for b in (draw(task, 30), *task.examples("test", 7))]
    content = task.content_hash()
    with precise():
        inside = [np.asarray(b.inputs) for b in (draw(task, 30), *task.examples("test", 7))]
        assert task.data("validation").inputs.dtype == np.float64
    assert task.content_hash() == content
    for one, other in zip(outside, inside, strict=True):
        np.testing.assert_array_equal(one, other)


def test_trivial_predictor_is_at_one_sixth():
    found = Adding(held_out=20_000).reference()
    # sd of (s - 1)^2 is sqrt(7/180); of an indicator sqrt(p (1 - p))
    assert found["mse of always answering 1"] == pytest.approx(1 / 6, abs=4 * (7 / 180 / 20_000) ** 0.5)
    assert found["accuracy of always answering 1"] == pytest.approx(1 - 0.96**2, abs=4 * (0.0784 / 20_000) ** 0.5)


def test_reference_is_taken_on_the_test_split():
    task = Adding(6, held_out=40)
    targets = np.concatenate([np.asarray(b.targets) for b in task.examples("test", 7)])
    assert task.reference()["mse of always answering 1"] == pytest.approx(((targets - 1) ** 2).mean(), rel=1e-6)


def test_only_the_last_step_counts():
    task = Adding(6)
    batch = draw(task, 4)
    outputs = np.full((6, 4, 1), 99.0)
    outputs[-1] = batch.targets + np.array([[0.0], [0.039], [-0.041], [0.2]])
    score = task.score(jnp.asarray(outputs), batch)
    assert float(score["mse"]) == pytest.approx((0.039**2 + 0.041**2 + 0.2**2) / 4, rel=1e-4)
    assert float(score["accuracy"]) == 0.5
    assert float(task.loss(jnp.asarray(outputs), batch)) == float(score["mse"])


def test_examples_are_the_held_out_number():
    task = Adding(6, held_out=10)
    for split in SPLITS:
        assert [b.inputs.shape[1] for b in task.examples(split, 4)] == [4, 4, 2]


def test_all_problems_are_told():
    with pytest.raises(SpecError) as caught:
        Adding(1, "middle", held_out=0)
    assert len(caught.value.problems) == 3
