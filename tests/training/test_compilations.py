"""A second run that differs by numbers only compiles nothing."""

import copy
from contextlib import contextmanager

import jax
import pytest

from sparsernn import read_spec, run
from sparsernn.operands import join, split
from sparsernn.optimizers.base import AbstractOptimizer
from sparsernn.spec import build
from sparsernn.training.matching import matched

EVENT = "/jax/core/compile/backend_compile_duration"

FIRST = {
    "task": {"reconstruction": {"system": "lorenz63", "rows": 900, "sequence": 20, "noise": 0.05}},
    "network": {"plrnn": {"hidden": 7}},
    "forcing": {"generalized": {"alpha": 0.2}},
    "optimizer": {
        "radam": {
            "learning_rate": [1e-2, 1e-3],
            "clip_norm": 5.0,
            "weight_decay": 1e-4,
            "groups": [{"where": ["recurrent"], "learning_rate_factor": 0.5, "weight_decay": 1e-3, "clip_norm": 1.0}],
        }
    },
    "regularizers": [{"l1": {"strength": 1e-4}}, {"l2": {"strength": {"match": {"to": 0}}}}],
    "epochs": 2,
    "updates_per_epoch": 5,
    "batch": 4,
}
SPARSIFIERS = {
    "set": ({"density": 0.3, "drop_fraction": 0.3}, {"density": 0.5, "drop_fraction": 0.2}),
    "rigl": ({"density": 0.3, "every": 3, "drop_fraction": 0.3}, {"density": 0.4, "every": 3, "drop_fraction": 0.1}),
    "gradual_cubic": ({"density": 0.3}, {"density": 0.45}),
    "deepr": ({"density": 0.3, "l1": 1e-4}, {"density": 0.4, "l1": 1e-3, "temperature": 1e-5}),
    "one_shot": ({"density": 0.3}, {"density": 0.2}),
    "granet": (
        {"density": 0.3, "initial_density": 0.8, "every": 2, "drop_fraction": 0.5},
        {"density": 0.2, "initial_density": 1.0, "every": 2, "drop_fraction": 0.3},
    ),
}


@contextmanager
def compilations():
    counted = []
    listen = lambda event, seconds, **_: counted.append(seconds) if event == EVENT else None
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield counted
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


@pytest.mark.parametrize("name", SPARSIFIERS)
def test_other_numbers_compile_nothing(tmp_path, name):
    before, after = SPARSIFIERS[name]
    first = FIRST | {"sparsifier": {name: before}}
    other = copy.deepcopy(first) | {"sparsifier": {name: after}, "seed": 3}
    other["task"]["reconstruction"]["noise"] = 0.01
    other["forcing"]["generalized"]["alpha"] = 0.1
    group = {"where": ["recurrent"], "learning_rate_factor": 0.1, "weight_decay": 0.0, "clip_norm": 0.3}
    other["optimizer"]["radam"] = {
        "learning_rate": [3e-3, 1e-4],
        "clip_norm": 1.0,
        "weight_decay": 1e-2,
        "groups": [group],
    }
    other["regularizers"][0]["l1"]["strength"] = 3e-3
    with compilations() as counted:
        one = run(read_spec(first), tmp_path)
    assert counted, "the counter counts"
    with compilations() as counted:
        two = run(read_spec(other), tmp_path)
    assert not counted
    losses = [record.history()["loss"][-1] for record in (one, two)]
    assert losses[0] != losses[1], "the numbers arrived"


def test_what_changes_code_is_no_operand():
    spec = read_spec(FIRST)
    unclipped = read_spec(FIRST | {"optimizer": {"radam": {"learning_rate": [1e-2, 1e-3]}}})
    longer = read_spec(FIRST | {"epochs": 3})
    skeletons = [split(matched(s, s.trainer()))[0] for s in (spec, unclipped, longer)]
    assert len(set(skeletons)) == 3


def test_all_numbers_of_an_optimizer_are_operands():
    """Also those of its groups and of what follows from validation; which arrays and how many looks are code."""

    def made(rate, factor, decay, clip, momentum, divisor, checks=5, where="recurrent"):
        group = {"where": [where], "learning_rate_factor": factor, "weight_decay": decay, "clip_norm": clip}
        fields = {"learning_rate": rate, "weight_decay": decay, "momentum": momentum, "groups": [group]}
        fields |= {"plateau": {"divisor": divisor, "patience": int(divisor), "threshold": decay}}
        return build(AbstractOptimizer, {"sgd": fields | {"averaging": {"checks": checks}}})

    skeleton = split(made(1.0, 0.1, 0.0, 1.0, 0.9, 2.0))[0]
    assert split(made(2.0, 0.2, 0.1, 2.0, 0.5, 4.0))[0] == skeleton
    assert split(made(1.0, 0.1, 0.0, None, 0.9, 2.0))[0] != skeleton
    assert split(made(1.0, 0.1, 0.0, 1.0, 0.9, 2.0, checks=4))[0] != skeleton
    assert split(made(1.0, 0.1, 0.0, 1.0, 0.9, 2.0, where="input"))[0] != skeleton


def test_join_undoes_split():
    trainer = matched(read_spec(FIRST), read_spec(FIRST).trainer())
    skeleton, numbers = split(trainer)
    assert join(skeleton, numbers) == trainer
    assert 0.05 in numbers
    assert (1e-2, 1e-3) in numbers
