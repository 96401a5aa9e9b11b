"""Importance of all 2,500 weights of a network (``python importance.py plrnn`` or ``lstm``) against a NumPy loop."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import harness
import numpy as np
from setting import lorenz, trained

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.measures.free_runs import TRANSIENT
from sparsernn.measures.reconstruction import BLOCK, ReconstructionQuality
from sparsernn.models.lstm import LSTM
from sparsernn.models.network import Network, Ports
from sparsernn.models.plrnn import PLRNN
from sparsernn.precision import precise
from sparsernn.tasks.reconstruction import Reconstruction
from sparsernn.weights import Weights, flatten, unflatten

NETWORKS = {"plrnn": Network((PLRNN(50),)), "lstm": Network((LSTM(25),))}
PORTS = Ports(0, 3, True)
ROWS, CHECKED = 30_000, 160
PEER = 3  # weights a round
ROUNDS = 5


def plrnn_run(w: Weights, first: np.ndarray, steps: int) -> np.ndarray:
    own = w["cell0"]
    a, recurrent, bias = own["diagonal"], own["recurrent"][0], own["bias"]
    z, outputs = np.concatenate([first, own["initial"] @ first]), np.empty((steps, len(first)), first.dtype)
    for t in range(steps):
        z = a * z + recurrent @ np.maximum(z - z.sum() / len(z), 0) + bias
        outputs[t] = z[: len(first)]
    return outputs


def lstm_run(w: Weights, first: np.ndarray, steps: int) -> np.ndarray:
    own, read, offset = w["cell0"], w["readout"]["weights"][0], w["readout"]["bias"]
    n = own["bias"].shape[1]
    recurrent, bias = own["recurrent"].reshape(4 * n, n), own["bias"].reshape(-1)
    h, c = np.tanh(own["initial"][0] @ first), own["initial"][1] @ first
    gram = read @ read.T
    gram += 1e-6 * np.trace(gram) / len(gram) * np.eye(len(gram), dtype=first.dtype)
    h = h + (first - read @ h - offset) @ np.linalg.solve(gram, read)
    outputs = np.empty((steps, len(first)), first.dtype)
    for t in range(steps):
        gates = recurrent @ h + bias
        s = 1 / (1 + np.exp(-gates))  # one call for all gates is cheaper than three
        c = s[n : 2 * n] * c + s[:n] * np.tanh(gates[2 * n : 3 * n])
        h = s[3 * n :] * np.tanh(c)
        outputs[t] = read @ h + offset
    return outputs


RUNS = {"plrnn": plrnn_run, "lstm": lstm_run}


def d_stsp(reference: np.ndarray, run: np.ndarray, definition: stsp.Definition) -> float:
    """Binned D_stsp with escape counted, written once more in plain NumPy."""
    low, high = reference.min(axis=0), reference.max(axis=0)
    margin, k = 0.1 * reference.std(axis=0, ddof=1), definition.bins
    low, high = low - margin, high + margin

    def frequencies(values: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            place = np.floor((values - low) * (k / (high - low)))
        inside = ((place >= 0) & (place < k)).all(axis=1)
        if not inside[-max(20, len(inside) // 20) :].any():
            inside[:] = False  # it has left for good
        flat = np.ravel_multi_index(place[inside].astype(int).T, (k,) * values.shape[1])
        counts = np.append(np.bincount(flat, minlength=k ** values.shape[1]), (~inside).sum()) + definition.alpha
        return counts / counts.sum()

    p, q = frequencies(reference), frequencies(run)
    return float((p * np.log(p / q)).sum())


def peer_loop(
    name: str, w: Weights, indices: np.ndarray, values: np.ndarray, definition: stsp.Definition
) -> np.ndarray:
    """The loop over weights: take one out, run, count, compare, put it back."""
    steps = len(values) + int(TRANSIENT * len(values))
    matrix, scores = w["cell0"]["recurrent"].reshape(-1), np.empty(len(indices))
    for i, index in enumerate(indices):
        kept, matrix[index] = matrix[index], 0
        run = RUNS[name](w, values[0].astype(matrix.dtype), steps)
        scores[i] = d_stsp(values, run[steps - len(values) :].astype(float), definition)
        matrix[index] = kept
    return scores


def alone(name: str, directory: Path) -> None:
    """Judge all weights once in a process that does nothing else, and print its memory: imports, greatest."""
    before = harness.peak_megabytes()
    weights = unflatten(dict(np.load(directory / "weights.npz", allow_pickle=False)))
    network = NETWORKS[name]
    prunable = network.prunables(PORTS)[0]
    measure = ReconstructionQuality(removal_rows=ROWS)
    measure.ablate(network, weights, the_task(directory), prunable, np.arange(prunable.size), 1)
    print(json.dumps({"imports": round(before, 1), "greatest": round(harness.peak_megabytes(), 1)}))


def the_task(directory: Path) -> Reconstruction:
    return Reconstruction(file=str(directory / "lorenz.npy"), split=(0.25, 0.5, 0.25))


def main(name: str, directory: Path) -> None:
    network = NETWORKS[name]
    prunable = network.prunables(PORTS)[0]
    indices = np.arange(prunable.size)
    np.save(directory / "lorenz.npy", lorenz(2 * ROWS + 1_000))
    task = the_task(directory)
    values = np.asarray(task.load().validation)[:ROWS]
    weights = trained(network)
    own = {k: np.array(v) for k, v in flatten(weights).items()}
    np.savez(directory / "weights.npz", **own)
    memory = json.loads(subprocess.check_output([sys.executable, __file__, name, str(directory)]))

    # the same numbers? in double precision over a short stretch, where chaos has not yet taken the runs apart
    few, some = values[:CHECKED], indices[::97]
    short = ReconstructionQuality(removal_rows=CHECKED, bins=10)
    with precise():
        double = unflatten({k: v.astype(float) for k, v in own.items()})
        found = short.ablate(network, double, task, prunable, some, 1)
    changed = found.increase[:, 0] != 0  # 0: nothing changes at all
    ours = found.increase[changed, 0] + found.baseline.mean()
    expected = peer_loop(name, double, some, few, stsp.definition_for(*few.shape, bins=10))
    away = harness.agree(ours, expected[changed], "D_stsp without a weight")

    single, measure = unflatten(own), ReconstructionQuality(removal_rows=ROWS)
    definition = stsp.definition_for(*values.shape)

    def judge(chosen: np.ndarray) -> None:
        measure.ablate(network, weights, task, prunable, chosen, 1)

    first_seconds = harness.first_call(lambda: judge(indices[:BLOCK]))
    compile_seconds = first_seconds - harness.clocked(lambda: judge(indices[:BLOCK])).wall
    pairs = []
    for r in range(ROUNDS):
        chosen, scale = indices[r::ROUNDS][:PEER], len(indices) / PEER
        ours_side = harness.clocked(lambda: judge(indices))
        peer_side = harness.clocked(lambda chosen=chosen: peer_loop(name, single, chosen, values, definition))
        pairs.append((ours_side, harness.Side(peer_side.cpu * scale, peer_side.wall * scale)))
    result = harness.compared(pairs)
    limits = {
        "<= 25 CPU seconds a start": result.ours.cpu <= 25,
        "<= 400 MB peak memory": memory["greatest"] <= 400,
    }
    harness.report(
        f"importance of {len(indices):,} weights, {name.upper()}, {int(ROWS * (1 + TRANSIENT)):,} steps",
        result, 30, None, "start",
        f"peer: NumPy loop over weights in float32, {PEER} weights a round and extrapolated; both give the same D_stsp "
        f"without {len(some)} of the weights ({CHECKED} rows, float64); memory of a process that does only this, of "
        f"which {memory['imports']:.0f} MB are imports",
        peak=memory["greatest"], agreement=away, compile_seconds=compile_seconds, limits=limits, bins=definition.bins,
    )  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) > 2:
        alone(sys.argv[1], Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(sys.argv[1], Path(made))
