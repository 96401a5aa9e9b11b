"""The order of an update against the same written out by hand, and what the loop around it promises."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn import rng
from sparsernn.masks import dense
from sparsernn.models.network import Network, Ports
from sparsernn.models.rnn import RNN
from sparsernn.optimizers.adam import Adam
from sparsernn.optimizers.averaging import Averaging
from sparsernn.optimizers.radam import RAdam
from sparsernn.optimizers.sgd import SGD
from sparsernn.regularizers.l1 import L1
from sparsernn.regularizers.l2 import L2
from sparsernn.sparsifiers import DROPS
from sparsernn.sparsifiers.base import Clock, Dense, Snapshot, SparseState
from sparsernn.sparsifiers.drop import Magnitude
from sparsernn.sparsifiers.methods.gradual_cubic import gradual_cubic
from sparsernn.sparsifiers.methods.granet import granet
from sparsernn.sparsifiers.methods.one_shot import one_shot
from sparsernn.sparsifiers.methods.rigl import rigl
from sparsernn.sparsifiers.methods.snip import snip
from sparsernn.sparsifiers.methods.static import Static
from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.sparsifiers.rewirer import Rewirer
from sparsernn.sparsifiers.schedule import EverySteps, OneShot
from sparsernn.tasks.adding import Adding
from sparsernn.training import loop
from sparsernn.training.loop import Operands, Trainer, _segment, init_carry, segment
from sparsernn.training.run import run
from sparsernn.weights import flatten
from sparsernn.weights import replace as replace_arrays

HIDDEN, EPOCHS, PER_EPOCH = 4, 4, 3
TASK = Adding(length=5, held_out=4)
NETWORK = Network((RNN(HIDDEN),))
PORTS = Ports(2, 1, False)


def trainer_of(sparsifier=None, optimizer=None, regularizers=(), network=NETWORK):
    optimizer = optimizer or SGD(learning_rate=(0.5, 0.05), decay="exponential")
    return Trainer(
        TASK, network, PORTS, None, optimizer, sparsifier or Dense(), regularizers, EPOCHS, PER_EPOCH, batch=3
    )


def beginning(trainer, seed=0):
    weights = trainer.network.init(rng.key(seed, "init"), PORTS)
    pairs = [r.init(rng.key(seed, "r", i), trainer.prunables) for i, r in enumerate(trainer.regularizers)]
    sparse = trainer.sparsifier.init(rng.key(seed, "masks"), trainer.prunables, trainer.clock(0), weights)
    operands = Operands(rng.key(seed), 0, None, tuple(p[1] for p in pairs))
    return operands, init_carry(trainer, weights, tuple(p[0] for p in pairs), sparse)


def bits(tree):
    return [np.asarray(a).tobytes() for a in jax.tree.leaves(tree)]


# --------------------------------------------------------------------------- an update by hand, in float64


def loss_by_hand(flat, inputs, targets, penalties):
    """Elman's equations written out; flat holds W, U, b, B, c."""
    hidden = jnp.zeros((inputs.shape[1], HIDDEN))
    for x in inputs:
        hidden = jnp.tanh(hidden @ flat["cell0/recurrent"][0].T + x @ flat["cell0/input"][0].T + flat["cell0/bias"])
    y = hidden @ flat["readout/weights"][0].T + flat["readout/bias"]
    recurrent = flat["cell0/recurrent"]
    extra = penalties.get("l1", 0) * jnp.abs(recurrent).sum() + penalties.get("l2", 0) * (recurrent**2).sum()
    return ((y - targets) ** 2).mean() + extra


def by_hand(trainer, steps, momentum=0.0, clip_norm=None, clip_value=None, penalties=None, skip=False):
    """`steps` updates with heavy-ball SGD in the order of DESIGN; weights, masks, momentum, all dense gradients."""
    operands, carry = beginning(trainer)
    gradient = jax.jit(jax.grad(partial(loss_by_hand, penalties=penalties or {})))
    draw = jax.jit(lambda step: TASK.batch(None, rng.named(operands.root, "batch", step), trainer.batch))
    weights = {k: np.asarray(v, float) for k, v in flatten(carry.weights).items()}
    slots = {k: np.zeros_like(v) for k, v in weights.items()}
    sparse, history = carry.sparse, []
    first, last = trainer.optimizer.ends
    for step in range(steps):
        batch = draw(step)
        masked = {k: w * np.asarray(sparse.masks.get(k, 1)) for k, w in weights.items()}
        dense_gradients = gradient(masked, batch.inputs, batch.targets)
        dense_gradients = {k: np.asarray(g) for k, g in dense_gradients.items()}
        history.append(dense_gradients)
        gradients = {k: g * np.asarray(sparse.masks.get(k, 1)) for k, g in dense_gradients.items()}
        norm = sum((g**2).sum() for g in gradients.values()) ** 0.5
        if clip_norm and norm > clip_norm:
            gradients = {k: g * clip_norm / norm for k, g in gradients.items()}
        if clip_value:
            gradients = {k: np.clip(g, -clip_value, clip_value) for k, g in gradients.items()}
        rate = first * (last / first) ** ((step // PER_EPOCH) / EPOCHS)
        due = bool(trainer.sparsifier.due(trainer.clock(step + 1)))
        if skip and due:
            weights = masked
        else:
            slots = {k: momentum * slots[k] + gradients[k] for k in slots}
            weights = {k: (masked[k] - rate * slots[k]) * np.asarray(sparse.masks.get(k, 1)) for k in weights}
        if due:
            nested = jax.tree.map(jnp.asarray, replace_arrays(carry.weights, weights))
            size = {k: np.abs(g) for k, g in dense_gradients.items()}
            snapshot = Snapshot(trainer.clock(step + 1), nested, replace_arrays(carry.weights, size), None)
            sparse, nested, changed = trainer.sparsifier.update_masks(
                rng.named(operands.root, "masks", step), sparse, snapshot
            )
            weights = {k: np.asarray(v) for k, v in flatten(nested).items()}
            slots = {k: np.where(np.asarray(changed.get(k, False)), 0, s) for k, s in slots.items()}
    return weights, sparse.masks, slots, history


SPARSIFIERS = {
    "dense": Dense(),
    "static": Static(0.4),
    "rewired": Rewirer(schedule=EverySteps(2), density=0.5, drop_fraction=0.4),
    "rigl": rigl(density=0.5, drop_fraction=0.5, every=2, until=1.0),
    "pruned": one_shot(density=0.4),
    "gradual": gradual_cubic(density=0.4),
    "snip": snip(density=0.4, where=("recurrent", "input")),
    "granet": granet(density=0.3, initial_density=0.8, every=2),
}


@pytest.mark.parametrize(
    ("name", "clip"),
    [(name, {}) for name in SPARSIFIERS] + [("rewired", {"clip_norm": 0.3}), ("rigl", {"clip_value": 0.05})],
)
def test_updates_equal_those_by_hand(name, clip):
    """Ten updates over four epochs, with momentum, exponential decay, clipping and changing masks."""
    with jax.enable_x64(True):
        optimizer = SGD(learning_rate=(0.5, 0.05), momentum=0.9, **clip)
        trainer = trainer_of(SPARSIFIERS[name], optimizer)
        operands, carry = beginning(trainer)
        carry = segment(trainer, operands, carry, 0, 10)
        weights, masks, slots, _ = by_hand(trainer, 10, momentum=0.9, skip=name in ("rigl", "snip"), **clip)
        assert int(carry.diverged) == -1
        for path, expected in weights.items():
            np.testing.assert_allclose(flatten(carry.weights)[path], expected, rtol=1e-10, atol=1e-12, err_msg=path)
            trace = flatten(carry.opt_state.rule.trace[0])[path]
            np.testing.assert_allclose(trace, slots[path], rtol=1e-10, atol=1e-12, err_msg=path)
        for path, mask in masks.items():
            np.testing.assert_array_equal(carry.sparse.masks[path], mask)
            assert (np.asarray(flatten(carry.weights)[path])[~np.asarray(mask)] == 0).all()


def test_penalties_are_added_and_told():
    with jax.enable_x64(True):
        trainer = trainer_of(Static(0.5), SGD(learning_rate=0.3), (L1(0.1), L2(0.2)))
        operands, carry = beginning(trainer)
        first = np.asarray(carry.weights["cell0"]["recurrent"])
        once = segment(trainer, operands, carry, 0, 1)
        assert float(once.penalty) == pytest.approx(0.1 * np.abs(first).sum() + 0.2 * (first**2).sum(), rel=1e-12)
        carry = segment(trainer, operands, once, 1, 5)
        weights, *_ = by_hand(trainer, 5, penalties={"l1": 0.1, "l2": 0.2})
        np.testing.assert_allclose(carry.weights["cell0"]["recurrent"], weights["cell0/recurrent"], rtol=1e-10)
        free, *_ = by_hand(trainer, 5)
        assert np.abs(free["cell0/recurrent"] - weights["cell0/recurrent"]).max() > 1e-2


# ------------------------------------------------------------------------------------- optimizers and masks


@dataclass(frozen=True)
class Accumulating(Static):
    """Sums what `accumulate` is handed."""

    def init(self, key, prunables, clock, weights):
        masks = super().init(key, prunables, clock, weights).masks
        return SparseState(masks, {p.path: jnp.zeros(p.shape) for p in self.acted(prunables)})

    def accumulate(self, state, gradients):
        flat = flatten(gradients)
        return state._replace(memory={path: total + flat[path] for path, total in state.memory.items()})


def test_accumulate_sees_every_dense_gradient():
    with jax.enable_x64(True):
        trainer = trainer_of(Accumulating(0.4))
        operands, carry = beginning(trainer)
        carry = segment(trainer, operands, carry, 0, 6)
        *_, history = by_hand(trainer, 6)
        expected = sum(g["cell0/recurrent"] for g in history)
        np.testing.assert_allclose(carry.sparse.memory["cell0/recurrent"], expected, rtol=1e-10)
        outside = ~np.asarray(carry.sparse.masks["cell0/recurrent"])
        assert np.abs(expected[outside]).min() > 0, "gradients must be dense"


@pytest.mark.parametrize("optimizer", [Adam(0.1), RAdam(0.1)], ids=["adam", "radam"])
def test_moments_of_changed_entries_are_forgotten_and_others_kept(optimizer):
    rewirer = Rewirer(schedule=EverySteps(4), density=0.5, drop_fraction=0.5)
    trainer, never = trainer_of(rewirer, optimizer), trainer_of(Static(0.5), optimizer)
    operands, carry = beginning(trainer)
    free = segment(never, operands, carry, 0, 4)
    rewired = segment(trainer, operands, carry, 0, 4)
    before, after = (np.asarray(c.sparse.masks["cell0/recurrent"]) for c in (free, rewired))
    moved = before != after
    assert moved.any()
    assert before.sum() == after.sum()
    for slot in ("mu", "nu"):
        slots = [flatten(getattr(c.opt_state.rule, slot)[0]) for c in (free, rewired)]
        kept, reset = (np.asarray(s["cell0/recurrent"]) for s in slots)
        assert (kept[before & ~after] != 0).any()
        assert (reset[moved] == 0).all()
        stayed = before & after & (reset != 0)
        np.testing.assert_array_equal(reset[stayed], kept[stayed])
        assert stayed.sum() >= (before & after).sum() - 4  # one dropped and grown again starts anew
        np.testing.assert_array_equal(slots[1]["cell0/input"], slots[0]["cell0/input"])
    assert int(rewired.opt_state.rule.count) == 4
    assert (np.asarray(rewired.weights["cell0"]["recurrent"])[~before & after] == 0).all()


def test_averages_are_those_of_every_entrys_own_life():
    """After every update, masks and nudges included: the mean of an entry is that of its last `age` values."""
    trainer = trainer_of(SPARSIFIERS["rewired"], SGD(learning_rate=0.5, averaging=Averaging(1)))
    operands, carry = beginning(trainer)
    average = carry.opt_state.average._replace(since=jnp.zeros((), jnp.int32))
    carry, walk = carry._replace(opt_state=carry.opt_state._replace(average=average)), []
    for step in range(7):
        carry = segment(trainer, operands, carry, step, step + 1)
        walk.append(flatten(carry.weights))
    average = carry.opt_state.average
    found, ages = flatten(carry.opt_state.evaluated(carry.weights)), flatten(average.age)
    mask = np.asarray(carry.sparse.masks["cell0/recurrent"])
    assert set(np.unique(ages["cell0/recurrent"][mask])) > {1, 7}
    for path, mean in found.items():
        lives, values = np.broadcast_to(ages[path], mean.shape), np.stack([np.asarray(w[path]) for w in walk])
        for place in np.ndindex(mean.shape):
            expected = values[7 - lives[place] :, *place].mean() if lives[place] else values[-1, *place]
            assert float(mean[place]) == pytest.approx(expected, rel=1e-4, abs=1e-6), (path, place)
    assert not np.asarray(found["cell0/recurrent"])[~mask].any()


def test_rigl_leaves_out_the_update_of_its_growth_step():
    trainer = trainer_of(rigl(density=0.5, drop_fraction=0.5, every=4, until=1.0), SGD(learning_rate=0.5))
    operands, carry = beginning(trainer)
    three = segment(trainer, operands, carry, 0, 3)
    four = segment(trainer, operands, three, 3, 4)
    np.testing.assert_array_equal(four.weights["readout"]["weights"], three.weights["readout"]["weights"])
    np.testing.assert_array_equal(four.weights["cell0"]["input"], three.weights["cell0"]["input"])
    assert (four.sparse.masks["cell0/recurrent"] != three.sparse.masks["cell0/recurrent"]).any()
    five = segment(trainer, operands, four, 4, 5)
    assert (five.weights["readout"]["weights"] != four.weights["readout"]["weights"]).any()
    assert float(four.loss) > float(three.loss), "its loss still counts"


def test_learning_rates_of_the_epochs():
    for decay, expected in {
        "constant": [0.4] * 4,
        "exponential": [0.4 * 0.25 ** (e / 4) for e in range(4)],
        "cosine": [0.1 + 0.3 * (1 + np.cos(np.pi * e / 4)) / 2 for e in range(4)],
    }.items():
        optimizer = SGD(learning_rate=(0.4, 0.1), decay=decay)
        np.testing.assert_allclose([optimizer.rate(e, 4) for e in range(4)], expected, rtol=1e-6)
        trainer = trainer_of(Dense(), optimizer)
        operands, carry = beginning(trainer)
        unit = trainer_of(Dense(), SGD(learning_rate=1.0))
        for step in (0, 2, 3, 11):  # the last of epoch 0 and the first of epoch 1 among them
            moved, plain = (segment(t, operands, carry, step, step + 1) for t in (trainer, unit))
            share = [np.asarray(c.weights["cell0"]["input"] - carry.weights["cell0"]["input"]) for c in (moved, plain)]
            np.testing.assert_allclose(share[0], expected[step // PER_EPOCH] * share[1], rtol=1e-3, atol=1e-6)


# ----------------------------------------------------------------------------------------------- segments


@pytest.mark.parametrize("name", ["rewired", "gradual"])
def test_how_updates_are_cut_into_calls_changes_no_bit(name):
    trainer = trainer_of(SPARSIFIERS[name], RAdam(0.05))
    operands, whole = beginning(trainer)
    pieces = single = whole
    compiled = _segment._cache_size()
    whole = segment(trainer, operands, whole, 0, 12)
    for first, last in [(0, 0), (0, 1), (1, 6), (6, 6), (6, 7), (7, 12)]:
        pieces = segment(trainer, operands, pieces, first, last)
    for step in range(12):
        single = segment(trainer, operands, single, step, step + 1)
    assert bits(whole) == bits(pieces) == bits(single)
    assert _segment._cache_size() == compiled + 1, "bounds and masks must not recompile"


def test_another_seed_does_not_recompile():
    trainer = trainer_of(SPARSIFIERS["rewired"])
    operands, carry = beginning(trainer)
    segment(trainer, operands, carry, 0, 1)
    compiled = _segment._cache_size()
    other, fresh = beginning(trainer_of(SPARSIFIERS["rewired"]), seed=1)
    moved = segment(trainer_of(SPARSIFIERS["rewired"]), other, fresh, 0, 1)
    assert _segment._cache_size() == compiled
    assert bits(moved.weights) != bits(segment(trainer, operands, carry, 0, 1).weights)


def test_divergence_freezes_the_state_and_names_the_step():
    network = Network((RNN(HIDDEN, "relu"),))
    trainer = trainer_of(Dense(), SGD(learning_rate=1e12), network=network)
    operands, carry = beginning(trainer)
    ended = segment(trainer, operands, carry, 0, 12)
    step = int(ended.diverged)
    assert 0 < step < 12
    good = segment(trainer, operands, carry, 0, step)
    assert int(good.diverged) == -1
    assert bits(ended._replace(diverged=good.diverged)) == bits(good)
    assert all(np.isfinite(a).all() for a in jax.tree.leaves(ended.weights))
    assert bits(segment(trainer, operands, ended, 12, 15)) == bits(ended)

    seen = []
    carry, _ = loop.train(
        trainer, operands, carry, 0, 12, lambda report, c: seen.append(report), None, lambda step, c: False
    )
    assert int(carry.diverged) == step
    assert len(seen) == step // PER_EPOCH, "no epoch is reported that was not finished"
    assert all(np.isfinite(value) for report in seen for value in report)


def test_epoch_sums_that_overflow_are_divergence():
    """Every single loss is finite, their sum is not: it would be an infinity in history.csv."""
    network = Network((RNN(HIDDEN, "relu"),))
    trainer = trainer_of(Dense(), SGD(learning_rate=1e-30), network=network)
    operands, carry = beginning(trainer)
    ended = segment(trainer, operands, carry._replace(loss=jnp.float32(3.4e38), penalty=jnp.float32(3.4e38)), 0, 1)
    assert int(ended.diverged) == 0


# ------------------------------------------------------------------------------------------ around the calls


class Clockwork:
    """Stands for the clock: every update takes `seconds`."""

    def __init__(self, monkeypatch, seconds):
        self.now, self.calls = 0.0, []
        monkeypatch.setattr(loop.time, "perf_counter", lambda: self.now)
        real = loop.segment

        def counted(trainer, operands, carry, first, last):
            self.now += seconds * (last - first)
            self.calls.append((first, last))
            return real(trainer, operands, carry, first, last)

        monkeypatch.setattr(loop, "segment", counted)


@pytest.mark.parametrize("seconds", [0.7, 0.12, 1e-6])
def test_calls_last_about_half_a_second_and_end_at_epochs(monkeypatch, seconds):
    trainer = replace(trainer_of(optimizer=SGD(learning_rate=1e-3)), updates_per_epoch=50)
    operands, carry = beginning(trainer)
    watch, told = Clockwork(monkeypatch, seconds), []
    _, step = loop.train(
        trainer, operands, carry, 3, 130, lambda report, c: told.append(report.step), None, lambda *_: False
    )
    assert step == 130
    (compile_only, *calls), edges = watch.calls, {50, 100}
    assert compile_only == (0, 0)
    assert calls[0][0] == 3
    assert all(before[1] == after[0] for before, after in pairwise(calls)), "each update once"
    assert calls[-1][1] == 130
    assert edges <= {last for _, last in calls}
    assert told == [50, 100]
    assert all((last - first) * seconds <= max(loop.CALL_SECONDS, seconds) for first, last in calls)
    if seconds < 0.01:
        assert len(calls) < 12


def test_stopping_and_nothing_to_do(monkeypatch):
    trainer = trainer_of()
    operands, carry = beginning(trainer)
    watch = Clockwork(monkeypatch, 1.0)
    stops = iter([False, True])
    _, step = loop.train(trainer, operands, carry, 0, 12, lambda *_: None, None, lambda *_: next(stops))
    assert step == 2
    watch.calls.clear()
    after, step = loop.train(trainer, operands, carry, 12, 12, lambda *_: None, None, lambda *_: False)
    assert (after, step, watch.calls) == (carry, 12, [])


def test_epoch_reports_are_means_and_the_largest_norm():
    trainer = trainer_of(Static(0.5), regularizers=(L2(0.1),))
    operands, carry = beginning(trainer)
    told = []
    loop.train(trainer, operands, carry, 0, 12, lambda report, c: told.append(report), None, lambda *_: False)
    singles, one = [], carry
    for step in range(12):
        fresh = one._replace(loss=jnp.zeros(()), penalty=jnp.zeros(()), norm=jnp.zeros(()))
        one = segment(trainer, operands, fresh, step, step + 1)
        singles.append([float(one.loss), float(one.penalty), float(one.norm)])
    table = np.array(singles).reshape(EPOCHS, PER_EPOCH, 3)
    for report, updates in zip(told, table, strict=True):
        assert report.loss == pytest.approx(updates[:, 0].mean(), rel=1e-6)
        assert report.penalty == pytest.approx(updates[:, 1].mean(), rel=1e-6)
        assert report.gradient_norm == pytest.approx(updates[:, 2].max(), rel=1e-6)
    assert [r.epoch for r in told] == [1, 2, 3, 4]
    assert {r.nonzeros for r in told} == {8 + 2 * HIDDEN + HIDDEN}
    assert trainer.final_count == 8 + 2 * HIDDEN + HIDDEN


# ------------------------------------------------------------------------------ sparsifiers that need the host


@dataclass(frozen=True)
class HostMagnitude(Magnitude):
    """Magnitude, but said to work on the host."""

    traceable = False


def test_the_host_path_equals_the_compiled_one(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(DROPS, "host_magnitude", f"{HostMagnitude.__module__}:HostMagnitude")
    records = []
    for drop in (Magnitude(), HostMagnitude()):
        sparsifier = Pruner(EverySteps(5), drop, drop_fraction=0.25)
        assert sparsifier.traceable == (type(drop) is Magnitude)
        records.append(run(replace(tiny(), sparsifier=sparsifier), tmp_path / type(drop).__name__))
    one, two = records
    assert bits(one.weights()) == bits(two.weights())
    assert one.masks()["cell0/recurrent"].sum() == 9
    assert (one.directory / "history.csv").read_bytes() == (two.directory / "history.csv").read_bytes()


def test_growth_steps_are_skipped_on_the_host_too():
    sparsifier = Rewirer(schedule=EverySteps(4), drop=HostMagnitude(), density=0.5, skips_update=True)
    trainer = trainer_of(sparsifier, SGD(learning_rate=0.5))
    operands, carry = beginning(trainer)
    three = segment(trainer, operands, carry, 0, 3)
    four = segment(trainer, operands, three, 3, 4)
    np.testing.assert_array_equal(four.weights["readout"]["weights"], three.weights["readout"]["weights"])
    np.testing.assert_array_equal(four.sparse.masks["cell0/recurrent"], three.sparse.masks["cell0/recurrent"])


@pytest.mark.parametrize(
    ("schedule", "counts"),
    [("one_shot", [16, 8, 8]), ({"cubic": {"begin": 0.0, "end": 1.0, "every": 1}}, [10, 8, 8])],
    ids=["one_shot", "cubic"],
)
def test_geometric_pruning_in_the_middle_of_a_training(tiny, tmp_path, schedule, counts):
    sparsifier = {"pruner": {"schedule": schedule, "drop": {"geometric": {"starts": 2}}, "density": 0.5}}
    spec = tiny(sparsifier=sparsifier)
    record = run(spec, tmp_path)
    assert record.outcome.name == "finished"
    np.testing.assert_array_equal(record.history()["nonzeros"], counts)
    mask, weights = record.masks()["cell0/recurrent"], record.weights()["cell0"]["recurrent"]
    assert mask.sum() == 8
    assert (weights[~mask] == 0).all()
    assert (weights[mask] != 0).all()
    importance = record.importance()
    judged = importance["cell0/recurrent:indices"]
    assert set(np.flatnonzero(mask)) <= set(judged)
    if schedule == "one_shot":
        increase = np.abs(importance["cell0/recurrent:increase"].mean(axis=1))
        kept = np.isin(judged, np.flatnonzero(mask))
        assert (~kept).sum() == 8
        assert increase[kept].min() >= increase[~kept].max(), "the least harmful weights went"


def test_float64_runs(tiny, tmp_path):
    double, single = (run(tiny(precision=p), tmp_path) for p in ("float64", "float32"))
    assert not jax.config.jax_enable_x64
    assert {a.dtype for a in flatten(double.weights()).values()} == {np.dtype("float64")}
    assert {a.dtype for a in flatten(single.weights()).values()} == {np.dtype("float32")}
    assert double.directory != single.directory
    again = run(tiny(precision="float64"), tmp_path / "again", until=Clock(5, 0, 4, 3))
    assert again.outcome.name == "paused"
    again = run(tiny(precision="float64"), tmp_path / "again")
    assert bits(again.weights()) == bits(double.weights())


def test_masks_all_ones_train_as_dense():
    """A mask of ones is no intervention at all."""
    trainer = trainer_of(Static(1.0))
    operands, carry = beginning(trainer)
    assert bits(carry.sparse.masks) == bits(dense([p for p in trainer.prunables if p.role == "recurrent"]))
    free_operands, free = beginning(trainer_of())
    one, two = segment(trainer, operands, carry, 0, 6), segment(trainer_of(), free_operands, free, 0, 6)
    for a, b in zip(jax.tree.leaves(one.weights), jax.tree.leaves(two.weights), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    assert OneShot().due(trainer.clock(6))
