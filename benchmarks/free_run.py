"""A free run of 100,000 steps against an eager PyTorch loop."""

from __future__ import annotations

import harness
import jax
import jax.numpy as jnp
import numpy as np
import torch
from setting import lorenz, trained

from sparsernn.models.network import Network
from sparsernn.models.plrnn import PLRNN
from sparsernn.weights import Weights

HIDDEN, STEPS, CHECKED = 50, 100_000, 300
PEER = 10_000  # steps a round


def peer_run(weights: Weights, first: np.ndarray, steps: int) -> torch.Tensor:
    own = {k: torch.tensor(np.asarray(v)) for k, v in weights["cell0"].items()}
    recurrent, diagonal, bias = own["recurrent"][0], own["diagonal"], own["bias"]
    x = torch.tensor(first, dtype=torch.float32)
    z, outputs = torch.cat([x, own["initial"] @ x]), torch.empty(steps, len(x))
    with torch.no_grad():
        for t in range(steps):
            z = torch.addcmul(torch.addmv(bias, recurrent, torch.relu(z - z.mean())), z, diagonal)
            outputs[t] = z[: len(x)]
    return outputs


def main() -> None:
    torch.set_num_threads(1)
    network = Network((PLRNN(HIDDEN),))
    weights, first = trained(network), lorenz(20_000)[0]
    states = network.first_states(weights, jnp.asarray(first, dtype=float))
    compile_seconds = harness.first_call(lambda: jax.block_until_ready(network.run(weights, states, STEPS)))
    outputs = np.asarray(network.run(weights, states, STEPS).outputs)
    away = harness.agree(outputs[:CHECKED], peer_run(weights, first, CHECKED), "outputs")
    result = harness.versus(
        lambda: jax.block_until_ready(network.run(weights, states, STEPS)),
        lambda: peer_run(weights, first, PEER),
        (1, PEER / STEPS),
    )
    harness.report(
        f"free run of {STEPS:,} steps, M={HIDDEN}", result, 20, None, "run",
        f"peer: eager PyTorch loop, no_grad, addmv form, {PEER:,} steps a round and extrapolated; the first {CHECKED} "
        "steps agree",
        agreement=away, compile_seconds=compile_seconds, spread=outputs[-20_000:].std(axis=0).tolist(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
