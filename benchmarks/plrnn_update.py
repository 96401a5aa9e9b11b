"""One training update of a masked mean-centered PLRNN against an eager PyTorch loop."""

from __future__ import annotations

import harness
import jax
import jax.numpy as jnp
import numpy as np
import torch
from setting import beginning, lorenz, trainer

from sparsernn.models.network import Network
from sparsernn.models.plrnn import PLRNN
from sparsernn.optimizers.adam import Adam
from sparsernn.optimizers.radam import RAdam
from sparsernn.rng import named
from sparsernn.sparsifiers.methods.static import Static
from sparsernn.training.loop import Carry, segment
from sparsernn.weights import flatten

HIDDEN, SEQUENCE, BATCH, INTERVAL, RATE = 50, 200, 16, 16, 1e-3
OURS, PEER = 200, 20  # updates a round
CHECKED = 10


class Peer:
    """The same update, written as a PyTorch user would for speed: one addmm a step, fused Adam."""

    def __init__(self, carry: Carry, series: np.ndarray):
        own = {k.removeprefix("cell0/"): torch.tensor(np.asarray(v)) for k, v in flatten(carry.weights).items()}
        self.parameters = {k: torch.nn.Parameter(v) for k, v in own.items()}
        self.mask = torch.tensor(np.asarray(carry.sparse.masks["cell0/recurrent"]))
        self.optimizer = torch.optim.Adam(self.parameters.values(), lr=RATE, fused=True)
        self.series = torch.tensor(series, dtype=torch.float32)

    def draw(self) -> torch.Tensor:
        starts = torch.randint(0, len(self.series) - SEQUENCE, (BATCH,))
        rows = self.series[starts[None, :] + torch.arange(SEQUENCE + 1)[:, None]]
        return rows + 0.05 * torch.randn(rows.shape)

    def update(self, rows: torch.Tensor) -> None:
        p = self.parameters
        recurrent = (p["recurrent"] * self.mask)[0].T
        observed = rows.shape[-1]
        z = torch.cat([rows[0], rows[0] @ p["initial"].T], dim=1)
        predictions = []
        for t in range(1, SEQUENCE + 1):
            active = torch.relu(z - z.mean(dim=1, keepdim=True))
            z = torch.addcmul(torch.addmm(p["bias"], active, recurrent), z, p["diagonal"])
            predictions.append(z[:, :observed])
            if t % INTERVAL == 0:
                z = torch.cat([rows[t], z[:, observed:]], dim=1)
        loss = torch.nn.functional.mse_loss(torch.stack(predictions), rows[1:])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def main() -> None:
    torch.set_num_threads(1)
    series = lorenz(50_000)
    data = jnp.asarray(series, dtype=float)
    network = Network((PLRNN(HIDDEN),))

    checked = trainer(network, SEQUENCE, Static(0.2), Adam(RATE, decay="constant"))
    operands, carry = beginning(checked, data)
    peer = Peer(carry, series)
    for step in range(CHECKED):
        batch = checked.task.batch(data, named(operands.root, "batch", step), BATCH)
        rows = jnp.concatenate([batch.first[None], batch.targets])
        peer.update(torch.tensor(np.asarray(rows)))
    after = segment(checked, operands, carry, 0, CHECKED).weights["cell0"]
    away = max(harness.agree(after[k], p.detach(), k) for k, p in peer.parameters.items())

    timed = trainer(network, SEQUENCE, Static(0.2), RAdam(RATE))
    operands, carry = beginning(timed, data)
    compile_seconds = harness.first_call(lambda: jax.block_until_ready(segment(timed, operands, carry, 0, 1)))
    result = harness.versus(
        lambda: jax.block_until_ready(segment(timed, operands, carry, 0, OURS)),
        lambda: [peer.update(peer.draw()) for _ in range(PEER)],
        (OURS, PEER),
    )
    harness.report(
        f"PLRNN update, M={HIDDEN}, T={SEQUENCE}, batch {BATCH}, masked",
        result, 5, None, "update",
        "peer: eager PyTorch loop, addmm form, fused Adam; ours: RAdam, drawing of batches and noise included on both "
        f"sides; after {CHECKED} updates with Adam on the same batches the weights agree",
        agreement=away, compile_seconds=compile_seconds,
    )  # fmt: skip


if __name__ == "__main__":
    main()
