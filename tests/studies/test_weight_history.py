"""What became of weights, from snapshots made by hand."""

from pathlib import Path

import numpy as np
import pytest

from sparsernn.errors import StoreError, Undefined
from sparsernn.masks import Prunable
from sparsernn.studies.weight_history import weight_history
from sparsernn.topology.distribution import sign_kept


class Kept:
    """As much of a record as is asked for."""

    directory = Path("run")

    def __init__(self, *moments):
        self.moments = dict(moments)

    def snapshots(self):
        return sorted(self.moments)

    def snapshot(self, epoch):
        w, mask = self.moments[epoch]
        return {"w": w * mask}, {"w": mask}

    def prunables(self):
        return (Prunable("w", "recurrent", 1, 20, 20),)


def normal(seed):
    return np.random.default_rng(seed).normal(size=(1, 20, 20))


def test_three_moments():
    dense, first = np.ones((1, 20, 20), bool), normal(0)
    mask = abs(first) > 1.5
    final = first * np.where(np.arange(20) < 3, -1, 1)  # the first three columns change their sign after pruning
    record = Kept((0, (first, dense)), (5, (first, abs(first) > 1)), (10, (first, mask)), (15, (final, mask)))
    found = weight_history(record)["w"]
    assert (found.initialization.epoch, found.pruned.epoch, found.final.epoch) == (0, 10, 15)
    assert found.sign_kept == pytest.approx(1 - mask[:, :, :3].sum() / mask.sum())
    assert found.sign_kept_since_initialization == found.sign_kept
    assert found.initialization.distribution.number == 400
    assert found.initialization.distribution.bimodality == pytest.approx(1 / 3, abs=0.05), "one hump"
    assert found.pruned.distribution.bimodality > 0.75, "two humps"
    np.testing.assert_array_equal(found.final.weights, final[mask])


def test_masks_that_change_to_the_end():
    record = Kept(*((epoch, (normal(epoch), abs(normal(epoch)) > 0.5)) for epoch in (0, 5)))
    found = weight_history(record)["w"]
    assert isinstance(found.sign_kept, Undefined)
    assert isinstance(found.pruned, Undefined)
    assert 0 < found.sign_kept_since_initialization < 1
    with pytest.raises(StoreError, match="snapshots"):
        weight_history(Kept((0, (normal(0), normal(0) > 0))))


def test_sign_kept():
    assert sign_kept(np.array([1.0, -1, 2, 0]), np.array([3.0, 1, 0, 5])) == pytest.approx(1 / 3)
    assert isinstance(sign_kept(np.zeros(3), np.ones(3)), Undefined)
