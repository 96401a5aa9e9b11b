"""What every measure promises."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import Undefined
from sparsernn.files.atomic import read_json, write_json
from sparsernn.masks import dense
from sparsernn.measures.base import AbstractMeasure
from sparsernn.models.network import Network, Ports
from sparsernn.spec import build
from sparsernn.tasks.base import AbstractTask
from sparsernn.testing.claims import check_part, claim, copies, same

SMALL: Any = ({"rnn": {"hidden": 5}}, {"plrnn": {"hidden": 5}}, {"lstm": {"hidden": 4}})
"""Networks that a measure is tried on."""


def tasks() -> Iterable[AbstractTask]:
    """Small ones: sums of two numbers; two waves that were recorded."""
    yield build(AbstractTask, {"adding": {"length": 6, "held_out": 11}})  # type: ignore[type-abstract]
    path = Path(tempfile.mkdtemp()) / "waves.npy"
    time = np.arange(420) * 0.3
    np.save(path, np.stack([np.sin(time), np.cos(1.3 * time)], axis=1))
    recorded = {"file": str(path), "sequence": 8, "split": [0.4, 0.3, 0.3]}
    yield build(AbstractTask, {"reconstruction": recorded})  # type: ignore[type-abstract]


def draw(network: Network, ports: Ports, scale: float) -> Any:
    """Random weights of one size."""
    rng = np.random.default_rng(3)
    shapes = jax.eval_shape(lambda: network.init(jax.random.key(0), ports))
    return jax.tree.map(lambda s: jnp.asarray(scale * rng.normal(size=s.shape), s.dtype), shapes)


def check_measure(
    measure: AbstractMeasure, networks: Iterable[Any] = SMALL, on: Iterable[AbstractTask] | None = None
) -> None:
    """On every network and every task it can be taken on: the same numbers twice, finite or `Undefined`, the announced
    keys on every split, JSON and back, finite evidence, nothing changed in place, no NaN where outputs overflow."""
    check_part(measure)
    taken = 0
    for task in tasks() if on is None else on:
        why = measure.unsupported_reason(task)
        claim(why is None or isinstance(why, str), "suits must give None, or the reason why not in words")
        if why is not None:
            continue
        ports = Ports(task.inputs, task.outputs, task.observed, task.tokens, task.first)
        for form in networks:
            network = form if isinstance(form, Network) else build(Network, form)
            check_numbers(measure, network, network.init(jax.random.key(0), ports), task, ports)
            taken += 1
        if task.observed:  # nothing holds its states back
            wild = build(Network, {"plrnn": {"hidden": 5, "mean_centered": False}})
            check_overflow(measure, wild, draw(wild, ports, 1e12), task, ports)
    claim(taken, "the measure suits none of the tasks: hand in one that it can be taken on, as `on`")


def check_numbers(measure: AbstractMeasure, network: Network, weights: Any, task: AbstractTask, ports: Ports) -> None:
    """On one network."""
    measure.check(network, weights)
    masks, kept = dense(network.prunables(ports)), copies(weights)
    announced, some = set(measure.better_on(task)), False
    claim(set(measure.better_on(task).values()) <= {"lower", "higher"}, "better_on says lower or higher of every key")
    for split in ("validation", "test"):
        found, again = (measure.measure(network, weights, masks, task, split) for _ in range(2))
        claim(found == again, f"{split}: the same arguments must give the same numbers (draw from a seed of your own)")
        claim(announced <= set(found), f"{split}: better_on announces {sorted(announced)}, got {sorted(found)}")
        check_defined(found)
        some |= bool(found)
        with tempfile.TemporaryDirectory() as folder:
            write_json(Path(folder) / "numbers.json", found)
            back = read_json(Path(folder) / "numbers.json")
        claim(back == found, f"numbers must survive JSON: {json.dumps(found, default=repr)[:200]}")
    claim(some, "a measure must give numbers on the validation or the test split")
    for name, array in measure.evidence(network, weights, masks, task, "test").items():
        claim(np.isfinite(array).all(), f"evidence {name!r} must be finite")
    same(copies(weights), kept, "a measure must not change weights in place")


def check_defined(found: dict[str, Any]) -> None:
    """Floats that are numbers, or `Undefined`."""
    for key, number in found.items():
        fine = isinstance(number, Undefined) or (type(number) in (float, int) and np.isfinite(number))
        claim(fine, f'{key} must be a finite number or Undefined("why"), got {number!r}')


def check_overflow(measure: AbstractMeasure, network: Network, weights: Any, task: AbstractTask, ports: Ports) -> None:
    """A network whose outputs overflow has numbers or `Undefined`, not NaN."""
    masks = dense(network.prunables(ports))
    check_defined(measure.measure(network, weights, masks, task, "test"))
