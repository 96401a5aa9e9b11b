"""What every registered task must keep to whose windows follow one another."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import DataError
from sparsernn.spec import build, identity, plain
from sparsernn.tasks import TASKS
from sparsernn.tasks.base import SPLITS, AbstractTask

SPECS = {"language": {"language": {"file": "TEXT", "sequence": 5, "rows": 3}}}
SIZE = 4


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "book.txt"
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(30)]
    path.write_text("\n".join(" ".join(rng.choice(words, rng.integers(1, 9))) for _ in range(200)), encoding="utf-8")
    return str(path)


@pytest.fixture(params=SPECS)
def task(request, text):
    ((name, fields),) = SPECS[request.param].items()
    return build(AbstractTask, {name: {k: text if v == "TEXT" else v for k, v in fields.items()}})


def test_every_windowed_task_is_tried_here():
    windowed = {name for name in TASKS if AbstractTask.registry.resolve(name).carried}
    assert {name for spec in SPECS.values() for name in spec} == windowed


def test_plain_form_round_trip(task):
    again = build(AbstractTask, plain(task))
    assert (again, identity(again), hash(again)) == (task, identity(task), hash(task))


def test_a_batch_is_the_window_of_its_step(task):
    compiled = jax.jit(task.batch, static_argnums=2)
    data, passes = task.data("train"), task.updates_a_pass(SIZE)
    batches = [compiled(data, jax.random.key(0), SIZE, step) for step in range(2 * passes)]
    for step, batch in enumerate(batches):
        assert batch.inputs.shape[1] == SIZE
        np.testing.assert_array_equal(batch.begins, step % passes == 0)
        np.testing.assert_array_equal(batch.inputs, batches[step % passes].inputs)
        other = compiled(data, jax.random.key(1), SIZE, step)
        assert other.inputs.shape == batch.inputs.shape
    if not task.tokens:
        return
    for one, two in pairwise(batches[:passes]):
        np.testing.assert_array_equal(one.targets[-1], two.inputs[0])
        np.testing.assert_array_equal(one.inputs[1:], one.targets[:-1])


def test_a_text_shorter_than_a_window_in_each_row_is_refused(task):
    with pytest.raises(DataError, match="fewer rows or a shorter sequence"):
        task.updates_a_pass(10_000)


def test_examples_ask_for_everything_once_whatever_their_size(task):
    for split in SPLITS:
        totals = []
        for size in (1, 2, 10**9):
            batches = list(task.examples(split, size))
            assert all(bool(b.begins.all()) == (i == 0) for i, b in enumerate(batches))
            assert len({b.inputs.shape for b in batches}) == 1
            asked = np.concatenate([np.asarray(b.targets)[np.asarray(b.targets) >= 0] for b in batches])
            assert len(asked) == sum(b.count for b in batches)
            totals.append(np.bincount(asked, minlength=task.outputs))
        assert (totals[0] == totals[1]).all()
        assert (totals[0] == totals[2]).all()


def test_loss_keeps_axes_between_time_and_batch_and_is_a_mean_over_what_is_asked(task):
    *_, batch = task.examples("test", 3)
    length, rows = batch.inputs.shape[:2]
    outputs = np.random.default_rng(0).normal(size=(length, 2, 3, rows, task.outputs)).astype(np.float32)
    together = task.loss(outputs, batch)
    assert together.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_allclose(together[i, j], task.loss(outputs[:, i, j], batch), rtol=1e-5)
    shifted = np.log(np.exp(outputs).sum(-1, keepdims=True))
    picked = [
        (shifted[t, 0, 0, r, 0] - outputs[t, 0, 0, r, w])
        for (t, r), w in np.ndenumerate(np.asarray(batch.targets))
        if w >= 0
    ]
    np.testing.assert_allclose(together[0, 0], np.mean(picked), rtol=1e-5)


def test_a_stream_is_what_the_windows_run_through(task):
    stream, first = task.stream("test"), next(task.examples("test", 1))
    np.testing.assert_array_equal(stream[: len(first.targets)], first.targets[:, 0])


def test_references_and_what_is_told(task):
    assert all(np.isfinite(v) and any(n.startswith(s) for s in task.better) for n, v in task.reference().items())
    told = task.from_means({"loss": 1.0, **dict.fromkeys(task.score(jnp.zeros((1, 1, task.outputs)), None) or {}, 0.5)})
    assert set(task.better) <= set(told)
