"""What became of the weights: at initialization, after pruning, at the end; and how many kept their sign."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsernn.errors import StoreError, Undefined
from sparsernn.runs.record import Record
from sparsernn.topology.distribution import Distribution, distribution, sign_kept
from sparsernn.weights import get


class Moment(NamedTuple):
    """`epoch` of a snapshot, and one matrix then: its `weights` that are not 0 (n,), and how they are spread."""

    epoch: int
    weights: np.ndarray
    distribution: Distribution | Undefined


class MatrixHistory(NamedTuple):
    """One matrix: at `initialization` (masked), `pruned` (the first snapshot with the masks of the end) and `final`.

    `sign_kept`: the share of its weights that have at the end the sign that they had when `pruned`; undefined where the
    masks changed up to the end. `sign_kept_since_initialization`: of the weights at the end, against the first
    snapshot, where they existed then.
    """

    initialization: Moment
    pruned: Moment | Undefined
    final: Moment
    sign_kept: float | Undefined
    sign_kept_since_initialization: float | Undefined


def weight_history(record: Record) -> dict[str, MatrixHistory]:
    """Path to the history of every matrix, from the snapshots of one training (``snapshots: 5`` in its spec).

    How near "after pruning" comes to the update at which masks changed last depends on how often snapshots were kept.
    StoreError where there are fewer than two. Cost: every snapshot is read once.

    For instance ``weight_history(record)["cell0/recurrent"].sign_kept``.
    """
    epochs = record.snapshots()
    if len(epochs) < 2:
        raise StoreError(
            f"{record.directory} keeps {len(epochs)} snapshots; what became of the weights needs two or more: give "
            "snapshots (every so many epochs) in the spec"
        )
    last_weights, last_masks = record.snapshot(epochs[-1])
    first_weights, _ = record.snapshot(epochs[0])
    settled = epochs[-1]
    for epoch in reversed(epochs[:-1]):
        _, masks = record.snapshot(epoch)
        if any(not np.array_equal(masks[path], mask) for path, mask in last_masks.items()):
            break
        settled = epoch
    pruned_weights, _ = record.snapshot(settled)
    changing = Undefined("masks changed up to the end, as far as snapshots tell")
    found = {}
    for p in record.prunables():
        first, pruned, last = (np.asarray(get(w, p.path)) for w in (first_weights, pruned_weights, last_weights))
        known = settled != epochs[-1]
        found[p.path] = MatrixHistory(
            _moment(epochs[0], first),
            _moment(settled, pruned) if known else changing,
            _moment(epochs[-1], last),
            sign_kept(np.where(last_masks.get(p.path, True), pruned, 0), last) if known else changing,
            sign_kept(np.where(last != 0, first, 0), last),
        )
    return found


def _moment(epoch: int, weights: np.ndarray) -> Moment:
    alive = weights[weights != 0]
    return Moment(epoch, alive, distribution(alive))
