"""Counts after many rounds."""

import pytest

from sparsernn.errors import SpecError
from sparsernn.masks import exact_count
from sparsernn.spec import build
from sparsernn.studies.criteria import drop_to, specs
from sparsernn.training.rounds import Rounds
from sparsernn.training.run_spec import RunSpec

BASE = {
    "task": {"adding": {"length": 6, "held_out": 20}},
    "network": {"rnn": {"hidden": 50}},
    "epochs": 1,
    "updates_per_epoch": 2,
    "batch": 4,
    "measures": ["score"],
    "select": "loss",
}


@pytest.fixture(scope="module")
def base():
    return build(RunSpec, BASE)


@pytest.mark.parametrize(
    ("density", "rounds"), [(0.25, 2), (0.055, 13), (0.5, 200), (0.01, 30), (0.37, 17), (0.9, 3), (1 / 3, 40)]
)
def test_many_rounds_end_at_the_density(base, density, rounds):
    share = drop_to(base, density, rounds)
    (spec,) = specs(base, ("magnitude",), share, Rounds(rounds), 1, (0,))
    trainer = spec.trainer()
    assert spec.sparsifier.final_count(trainer.prunables, trainer.clock(0, rounds)) == exact_count(density, 2500)
    assert share == pytest.approx(1 - density ** (1 / rounds), rel=0.1)


def test_the_plain_share_is_kept_where_it_is_exact(base):
    assert drop_to(base, 0.25, 2) == 0.5
    with pytest.raises(SpecError, match="would leave 0 weights"):
        drop_to(base, 1e-6, 2)
