"""The task: trials of the chosen rules, interleaved."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import nearest
from sparsernn.quantity import Quantity
from sparsernn.rules import at_least, holds, positive
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split
from sparsernn.tasks.cognitive.activity import FIXATION, inputs, noise, own_noise, targets
from sparsernn.tasks.cognitive.drawing import Trials, draw, uniforms
from sparsernn.tasks.cognitive.entries import RULES
from sparsernn.tasks.cognitive.performance import cost, judge
from sparsernn.tasks.cognitive.rule import UNIT, longest
from sparsernn.tasks.picture import Block, Epoch, Picture

NAMES = tuple(RULES)
CONTEXT = ("ctx_dm_1", "ctx_dm_2")


class Shown(NamedTuple):
    """Trials as they are shown, `inputs` (rows, T, inputs) and `targets` (rows, T, outputs + 2)."""

    inputs: Any
    targets: Any


@dataclass(frozen=True)
class Cognitive(AbstractTask):
    r"""The 20 tasks of Yang et al. 2019, or some of them, trial by trial in one batch.

    A trial has inputs for fixation (1), two rings of `units` units each that prefer evenly spaced directions, and 20
    for the rule, of which one is 1 throughout; outputs are fixation (1) and one ring. A stimulus at x is the activity
    ``0.8 exp(-d^2 / 2 (pi/8)^2)`` of the units at distance d from x, times its strength. All inputs have normal noise
    of standard deviation ``noise sqrt(2 tau / dt)``. Wanted are .85 from the output for fixation until the answer is
    due, and .05 after; .05 from the ring, plus such a bump at the answer. Epochs, places and strengths of each rule:
    `sparsernn.tasks.cognitive.entries`; pictures of them: ``sparsernn trials cognitive``.

    Trials are padded with zeros to `length` steps (None: the longest trial that the tasks can have; 209 for all of
    them). Loss: squared error over each trial's own steps and outputs, with weights: 0 in the first 100 ms and in the
    100 ms after the answer is due, 5 while it is due, else 1; twice that for the output for fixation.
    `performance`: share of trials in which fixation was held (output above .5) in every step in which it counts and at
    the last step the answer was right: fixation released and the population vector within 36 degrees, or, in a trial
    without an answer, fixation held. `performance_at_end` looks at the last step alone, as the published code does.
    `performance_TASK` is that of one task, where there are several, as a mean over a whole split.

    Training trials are drawn afresh for every batch and never repeat, each task as often, but Ctx DM 1 and 2 `context`
    times as often (5 in the paper: else a network learns to ignore the context). Validation and test are `held_out`
    trials of each task, drawn from `seed` under their own names, with their noise. Cost: 4 microseconds a trial to draw
    it and .5 ms to show it with its noise (one core, all tasks).

    Where this is not the published code: its batches have one rule, one ring and one timing each; its target for
    fixation is .8; it squares errors after they were weighted, which makes the weights 25 and 4, where the paper says 5
    and 2; its outputs go through a sigmoid, here read-outs are linear; its test trials are drawn anew at each look.
    Source: doi 10.1038/s41593-018-0310-2.
    """

    tasks: tuple[str, ...] = NAMES
    units: int = 32
    dt: int = 20
    tau: float = 100.0
    noise: float = 0.01
    context: float = 5.0
    length: int | None = None
    held_out: int = 100
    seed: int = 0

    rules = (
        holds(lambda tasks: tasks, "tasks must name at least one; leave it out for all twenty"),
        holds(lambda tasks: set(tasks) <= set(NAMES), lambda tasks: _unknown(tasks)),
        holds(lambda tasks: len(set(tasks)) == len(tasks), "each task must be named once, got {tasks}"),
        at_least(8, "units"),
        holds(
            lambda dt: dt > 0 and UNIT % dt == 0,
            f"dt must divide {UNIT} (ms): all times are multiples of it; try 10, 20 or 50, got {{dt}}",
        ),
        positive("tau"),
        at_least(0, "noise"),
        positive("context"),
        at_least(1, "held_out"),
        holds(lambda seed: 0 <= seed < 2**32, "seed must lie in [0, 2^32), got {seed}"),
        holds(
            lambda tasks, dt, length: length is None or not _known(tasks, dt) or length >= _longest(tasks, dt)[0],
            lambda tasks, dt, length: (
                f"length {length} is too short: trials of {_longest(tasks, dt)[1]} have up to "
                f"{_longest(tasks, dt)[0]} steps of {dt} ms; leave length out, or give that many or more"
            ),
        ),
    )

    @property
    def quantities(self) -> tuple[Quantity, ...]:  # type: ignore[override]
        """Those of all trials, then the performance of each rule, where there are several."""
        shared = (
            Quantity("performance", "higher", "share of trials with fixation held and the right answer at the end"),
            Quantity("performance_at_end", "higher", "share of trials with the right answer at the end", leads=False),
            Quantity("fixation", "higher", "share of trials in which fixation was held", leads=False),
            Quantity("loss", "lower", "mean weighted squared error"),
        )
        if len(self.tasks) == 1:
            return shared
        means = "share of trials of {} with fixation held and the right answer at the end"
        own = (
            Quantity(f"performance_{n}", "higher", means.format(RULES[n].title), RULES[n].title, leads=False)
            for n in self.tasks
        )
        return (*shared, *own)

    @property
    def inputs(self) -> int:
        return 1 + 2 * self.units + len(RULES)

    @property
    def outputs(self) -> int:
        return 1 + self.units

    @property
    def steps(self) -> int:
        """Steps of a batch, T."""
        return self.length or _longest(self.tasks, self.dt)[0]

    def describe(self) -> str:
        named = "all tasks" if len(self.tasks) == len(NAMES) else ", ".join(RULES[n].title for n in self.tasks)
        return f"cognitive tasks of Yang et al. 2019 ({named}), {self.steps} steps of {self.dt} ms"

    def content_hash(self) -> str:
        law = f"{self.units} {self.dt} {self.tau!r} {self.noise!r} {self.context!r} {self.steps} {self.seed}"
        digest = hashlib.sha256(law.encode())
        for split in SPLITS:
            for name, array in self.trials(split)._asdict().items():
                digest.update(f"{split}{name}{array.shape}{array.dtype.str}".encode() + array.tobytes())
        return digest.hexdigest()

    def trials(self, split: Split) -> Trials:
        """Return the fixed trials of a split, on the host: rule after rule in turn, as `tasks` names them."""
        return _fixed(self.tasks, self.dt, self.held_out, self._stream(split))

    def data(self, split: Split) -> Shown | None:
        """Return None for ``train`` (new trials), else all fixed trials as they are shown; large, on demand."""
        if split == "train":
            return None
        return Shown(*(jnp.asarray(a.swapaxes(0, 1), float) for a in self._shown(split, slice(None))))

    def _shown(self, split: Split, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of fixed trials, time first, on the host."""
        trials = Trials(*(a[rows] for a in self.trials(split)))
        clean = inputs(trials, self.steps, self.units, np)
        if self.noise:
            seeds = [[*self._stream(split), 1, row] for row in range(*rows.indices(len(self.trials(split).rule)))]
            clean += own_noise(seeds, trials.end, self.steps, self.inputs, self._sd)
        return clean, targets(trials, self.steps, self.units, self.dt, np)

    @property
    def _sd(self) -> float:
        return self.noise * (2 * self.tau / self.dt) ** 0.5

    def _stream(self, split: Split) -> tuple[int, int, int]:
        return (self.seed, zlib.crc32(b"cognitive"), SPLITS.index(split))

    def batch(self, data: Shown | None, key: jax.Array, size: int, step: Any = 0) -> Batch:
        """Return new trials for None, else trials of `data` with replacement."""
        if data is not None:
            picked = jax.random.randint(key, (size,), 0, len(data.inputs), jnp.int32)
            return Batch(data.inputs[picked].swapaxes(0, 1), data.targets[picked].swapaxes(0, 1), None)
        return _new(self, key, size)

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        for begin in range(0, len(self.trials(split).rule), size):
            given, wanted = self._shown(split, slice(begin, begin + size))
            yield Batch(jnp.asarray(given, float), jnp.asarray(wanted, float), None)

    def pictures(self, split: Split, count: int) -> list[Picture]:
        """Return the first `count` trials of each task, up to their end."""
        trials = self.trials(split)
        each = len(self.tasks)
        given, wanted = self._shown(split, slice(0, each * count))
        return [
            self._picture(trials, given, wanted, row)
            for kind in range(each)
            for row in range(kind, min(each * count, len(trials.rule)), each)
        ]

    def _picture(self, trials: Trials, given: np.ndarray, wanted: np.ndarray, row: int) -> Picture:
        rule, end, n = RULES[NAMES[trials.rule[row]]], trials.end[row], self.units
        shown, asked = given[:end, row], wanted[:end, row]
        edges = trials.edges[row]
        answer = f"answer at {np.degrees(trials.answer[row]):.0f}°" if trials.responds[row] else "no answer"
        return Picture(
            rule.title,
            answer,
            (
                Block("fixation", shown[:, :1]),
                Block("ring 1", shown[:, 1 : n + 1]),
                Block("ring 2", shown[:, n + 1 : 2 * n + 1]),
                Block("rule", shown[:, 2 * n + 1 :]),
            ),
            (Block("fixation", asked[:, :1]), Block("ring", asked[:, 1 : n + 1])),
            asked[:, -2],
            tuple(Epoch(name, *map(int, edges[i : i + 2])) for i, name in enumerate(rule.epochs)),
            float(self.dt),
            "ms",
        )

    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        return cost(outputs, batch.targets).mean(axis=-1)

    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        at_end, held = judge(outputs, batch.targets)
        right = at_end & held
        found = {"performance": right, "performance_at_end": at_end, "fixation": held}
        if len(self.tasks) > 1:
            rule = batch.targets[0, :, -1].astype(int)
            # a split has as many trials of each rule, so that these means over all trials are means over the rule's
            found |= {f"performance_{n}": right * (rule == NAMES.index(n)) * float(len(self.tasks)) for n in self.tasks}
        return {name: value.mean(axis=-1) for name, value in found.items()} | {"loss": self.loss(outputs, batch)}

    def reference(self) -> dict[str, float]:
        """Return, on the test split: the performance of never answering, of a random direction, and of the direction
        of the last stimulus; the loss of the best constants, fitted to trials of the training law."""
        test = self.trials("test")
        last = np.where(test.on[:, 1] >= test.off[:, 0], test.places[:, 1], test.places[:, 0])
        turned = np.abs((last - test.answer + np.pi) % (2 * np.pi) - np.pi)
        near = turned < 0.2 * np.pi
        sums, weights = np.zeros(self.outputs), 0.0
        for wanted, share in self._wanted("train"):
            sums, weights = sums + np.einsum("tb,tbk->k", share, wanted), weights + share.sum()
        total = 0.0
        for wanted, share in self._wanted("test"):
            errors = np.square(wanted - sums / weights)
            errors[..., 0] *= FIXATION
            total += (errors.mean(axis=-1) * share).sum()
        return {
            "performance of never answering": float(1 - test.responds.mean()),
            "performance of a random direction": float(0.2 * test.responds.mean()),
            "performance of the last stimulus' direction": float((near & test.responds).mean()),
            "loss of the best constants": float(total / len(test.rule)),
        }

    def _wanted(self, split: Split) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Targets (T, B, outputs) of fixed trials, and the weight of each step in the mean over its trial (T, B)."""
        trials = self.trials(split)
        for begin in range(0, len(trials.rule), 200):
            some = Trials(*(a[begin : begin + 200] for a in trials))
            wanted = targets(some, self.steps, self.units, self.dt, np).astype(np.float64)
            yield wanted[..., :-2], wanted[..., -2] / some.end


def _unknown(tasks: tuple[str, ...]) -> str:
    wrong = [name for name in tasks if name not in NAMES]
    return "; ".join(f'there is no cognitive task "{name}"{nearest(name, NAMES)}' for name in wrong)


def _known(tasks: tuple[str, ...], dt: int) -> bool:
    return bool(tasks) and set(tasks) <= set(NAMES) and dt > 0 and UNIT % dt == 0


def _longest(tasks: tuple[str, ...], dt: int) -> tuple[int, str]:
    """Steps of the longest trial, and the task that can have it."""
    return max((longest(RULES[name], dt), RULES[name].title) for name in tasks)


@lru_cache(maxsize=16)
def _fixed(tasks: tuple[str, ...], dt: int, each: int, stream: tuple[int, ...]) -> Trials:
    """`each` trials of every rule, in float32 and int32."""
    rng = np.random.default_rng([*stream, 0])
    rule = np.tile([NAMES.index(name) for name in tasks], each).astype(np.int32)
    drawn = draw(rule, rng.random((len(rule), uniforms(dt))), dt)
    kinds = {"f": np.float32, "i": np.int32, "b": np.bool_}
    return Trials(*(np.asarray(a).astype(kinds[np.asarray(a).dtype.kind]) for a in drawn))


@partial(jax.jit, static_argnames=("task", "size"))
def _new(task: Cognitive, key: jax.Array, size: int) -> Batch:
    """New trials, each of a rule drawn by itself."""
    k_trial, k_noise = jax.random.split(key)
    numbers = jax.random.uniform(k_trial, (size, uniforms(task.dt) + 1), jnp.float32)
    often = np.cumsum([task.context if name in CONTEXT else 1.0 for name in task.tasks])
    which = (numbers[:, :1] >= (often[:-1] / often[-1]).astype(np.float32)).sum(axis=1)
    rule = jnp.asarray([NAMES.index(name) for name in task.tasks], jnp.int32)[which]
    trials = draw(rule, numbers[:, 1:], task.dt, jnp)
    given = inputs(trials, task.steps, task.units)
    if task.noise:
        given = given + noise(k_noise, trials.end, task.steps, task.inputs, task._sd)
    return Batch(given.astype(float), targets(trials, task.steps, task.units, task.dt).astype(float), None)
