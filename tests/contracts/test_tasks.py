"""What every registered task must keep to."""

import dataclasses
import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import DataError
from sparsernn.spec import build, identity, plain
from sparsernn.tasks import TASKS
from sparsernn.tasks.base import SPLITS, AbstractTask
from sparsernn.tasks.sequential_mnist import SequentialMNIST

SPECS = {
    "reconstruction": {"reconstruction": {"file": "FILE", "sequence": 10}},
    "reconstruction-embedded": {"reconstruction": {"file": "FILE", "columns": ["x0"], "lags": [0, 3], "sequence": 7}},
    "adding": {"adding": {"length": 12, "held_out": 50}},
    "adding-anywhere": {"adding": {"length": 5, "held_out": 50, "marks": "anywhere"}},
    "sequential_mnist-digits": {"sequential_mnist": {"source": "digits"}},
    "sequential_mnist": {"sequential_mnist": {"source": "mnist"}},
    "mackey_glass": {"mackey_glass": {"rows": 1_500, "past": 20, "ahead": 4}},
    "gestures": {"gestures": {}},
    "gestures-published": {"gestures": {"split": "zhang2023"}},
}
ALL = 10**9
TASK_OF = AbstractTask.registry.resolve


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("series") / "walk.npy"
    np.save(path, np.random.default_rng(0).normal(size=(400, 2)).cumsum(axis=0))
    return str(path)


@pytest.fixture(params=SPECS)
def task(request, file):
    ((name, fields),) = SPECS[request.param].items()
    built = build(AbstractTask, {name: {k: file if v == "FILE" else v for k, v in fields.items()}})
    if request.param.partition("-")[0] in ("sequential_mnist", "gestures"):
        try:
            built.load()
        except DataError as error:
            pytest.skip(f"the data are not on this machine: {error}")
    return built


def rows(batch, i=slice(None)):
    """Sequences of a batch as one array, batch first."""
    parts = [batch.inputs if batch.inputs is None else jnp.swapaxes(batch.inputs, 0, 1), batch.first]
    parts.append(jnp.swapaxes(batch.targets, 0, 1) if batch.inputs is None else batch.targets)
    return np.concatenate([np.asarray(p).reshape(len(p), -1) for p in parts if p is not None], axis=1)[i]


def steps(batch):
    return len(batch.targets if batch.inputs is None else batch.inputs)


def test_every_task_is_tried_here():
    windowed = {name for name in TASKS if TASK_OF(name).carried}
    assert {name for spec in SPECS.values() for name in spec} == set(TASKS) - windowed, "see test_windowed_tasks.py"


def test_plain_form_round_trip(task):
    again = build(AbstractTask, plain(task))
    assert again == task
    assert identity(again) == identity(task)
    assert hash(again) == hash(task)


def test_batch_is_pure_in_its_key_and_jits(task):
    compiled = jax.jit(task.batch, static_argnums=2)
    for split in SPLITS:
        data = task.data(split)
        first, again, other = (rows(compiled(data, jax.random.key(seed), 8)) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)
        np.testing.assert_allclose(first, rows(task.batch(data, jax.random.key(1), 8)), atol=1e-6)


def test_shapes(task):
    compiled = jax.jit(task.batch, static_argnums=2)
    for split in SPLITS:
        for batch in (compiled(task.data(split), jax.random.key(0), 6), next(task.examples(split, 6))):
            length = steps(batch)
            if task.inputs:
                assert batch.inputs.shape == (length, 6, task.inputs)
                assert 6 in batch.targets.shape[:2]
            else:
                assert batch.inputs is None
                assert batch.targets.shape == (length, 6, task.outputs)
            if task.observed:
                assert batch.first.shape == (6, task.outputs)
            else:
                assert batch.first is None
            assert np.isfinite(rows(batch)).all()


def test_examples_cover_the_split_once_and_in_order(task):
    for split in ("validation", "test"):
        whole = [rows(b) for b in task.examples(split, ALL)]
        assert len(whole) == 1
        parts = [rows(b) for b in task.examples(split, 7 if len(whole[0]) < 1_000 else 4_096)]
        np.testing.assert_array_equal(np.concatenate(parts), whole[0])
        assert len({len(p) for p in parts[:-1]}) <= 1
        np.testing.assert_array_equal(np.concatenate([rows(b) for b in task.examples(split, ALL)]), whole[0])


def test_splits_share_no_sequence(task):
    seen = {s: {r.tobytes() for b in task.examples(s, 5_000) for r in rows(b)} for s in SPLITS}
    assert min(map(len, seen.values())) > 1
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        assert not seen[one] & seen[other], f"{one} and {other}"


def test_held_out_batches_come_from_their_split(task):
    quiet = dataclasses.replace(task, noise=0.0) if task.observed else task

    def pieces(batch):
        """Whole sequences, or rows of windows, which may begin anywhere."""
        return np.vstack([batch.first, *batch.targets]) if task.observed else rows(batch)

    for split in ("validation", "test"):
        data = quiet.data(split)
        known = np.asarray(data) if task.observed else np.vstack([rows(b) for b in task.examples(split, 5_000)])
        drawn = {r.tobytes() for r in pieces(quiet.batch(data, jax.random.key(5), 40))}
        assert drawn <= {r.tobytes() for r in known}
        assert len(drawn) > 10


def test_loss_and_score_keep_axes_between_time_and_batch(task):
    batch = next(task.examples("validation", 5))
    outputs = np.random.default_rng(0).normal(size=(steps(batch), 2, 3, 5, task.outputs)).astype(np.float32)
    together = {"loss of training": task.loss(outputs, batch), **task.score(outputs, batch)}
    for name, value in together.items():
        assert value.shape == (2, 3), name
        for i, j in np.ndindex(2, 3):
            alone = {"loss of training": task.loss(outputs[:, i, j], batch), **task.score(outputs[:, i, j], batch)}
            assert alone[name].shape == ()
            np.testing.assert_allclose(value[i, j], alone[name], rtol=1e-5, err_msg=name)


def test_loss_is_a_mean_over_the_batch(task):
    """So that batches may be averaged by their sizes."""
    batch = next(task.examples("validation", 5))
    outputs = np.random.default_rng(0).normal(size=(steps(batch), 5, task.outputs)).astype(np.float32)
    scores = {"loss of training": task.loss(outputs, batch), **task.score(outputs, batch)}
    time_first = task.inputs == 0
    singles = []
    for i in range(5):
        pick = slice(i, i + 1)
        targets = batch.targets[:, pick] if time_first else batch.targets[pick]
        part = batch._replace(targets=targets)
        singles.append({"loss of training": task.loss(outputs[:, pick], part), **task.score(outputs[:, pick], part)})
    for name, value in scores.items():
        np.testing.assert_allclose(value, np.mean([s[name] for s in singles]), rtol=1e-5, err_msg=name)


def test_scores_are_the_announced_ones(task):
    batch = next(task.examples("test", 4))
    scores = task.score(jnp.zeros((steps(batch), 4, task.outputs)), batch)
    assert set(scores) == set(task.better)
    assert set(task.better.values()) <= {"lower", "higher"}


def test_loss_has_a_finite_gradient(task):
    batch = next(task.examples("test", 4))
    gradient = jax.grad(lambda o: task.loss(o, batch))(jnp.ones((steps(batch), 4, task.outputs)) * 0.3)
    assert np.isfinite(gradient).all()
    assert np.abs(gradient[-1]).max() > 0


def test_references_are_numbers(task):
    found = task.reference()
    assert found
    for name, value in found.items():
        assert isinstance(value, float), name
        assert math.isfinite(value), name
        assert any(name.startswith(score) for score in task.better), f"{name}: which score is it?"


def test_content_hash(task):
    assert re.fullmatch("[0-9a-f]{64}", task.content_hash())
    assert task.content_hash() == build(AbstractTask, plain(task)).content_hash()


def test_a_stream_drives_a_network_through_the_split(task):
    streams = {split: task.stream(split) for split in ("validation", "test")}
    for split, stream in streams.items():
        if not task.inputs:
            assert stream is None
            continue
        assert stream.shape[1:] == (task.inputs,)
        first = next(task.examples(split, 1))
        np.testing.assert_allclose(stream[: steps(first)], first.inputs[:, 0], atol=1e-6)
    assert streams["test"] is None or not np.array_equal(streams["test"], streams["validation"])


def test_data_are_arrays_on_the_device(task):
    for split in SPLITS:
        assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(task.data(split)))


def test_content_hashes_differ():
    hashes = [build(AbstractTask, s).content_hash() for s in (
        {"adding": {"held_out": 9}}, {"adding": {"held_out": 9, "seed": 1}}, {"adding": {"held_out": 9, "length": 8}},
        {"sequential_mnist": {"source": "digits"}},
    )]  # fmt: skip
    assert len(set(hashes)) == len(hashes)
    assert SequentialMNIST("digits").content_hash() == hashes[-1]
