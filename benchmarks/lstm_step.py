"""A training step of a masked LSTM that reads MNIST row by row, against PyTorch's nn.LSTM with the same mask."""

from __future__ import annotations

import harness
import jax
import jax.numpy as jnp
import numpy as np
import torch
from setting import beginning

from sparsernn.models.lstm import LSTM
from sparsernn.models.network import Network, Ports
from sparsernn.optimizers.adam import Adam
from sparsernn.rng import named
from sparsernn.sparsifiers.methods.static import Static
from sparsernn.tasks.sequential_mnist import Rows, SequentialMNIST
from sparsernn.training.loop import Carry, Trainer, segment

IMAGES, SIDE, CLASSES, HIDDEN, BATCH, RATE = 5_000, 28, 10, 150, 128, 1e-3
STEPS = 10  # a round
CHECKED = 5


class Peer(torch.nn.Module):
    """nn.LSTM and a linear read-out; its second bias stays at zero, as ours has one."""

    def __init__(self, carry: Carry, images: np.ndarray, labels: np.ndarray):
        super().__init__()
        self.lstm, self.readout = torch.nn.LSTM(SIDE, HIDDEN), torch.nn.Linear(HIDDEN, CLASSES)
        self.mask = torch.tensor(np.asarray(carry.sparse.masks["cell0/recurrent"])).reshape(-1, HIDDEN)
        own, readout = carry.weights["cell0"], carry.weights["readout"]
        with torch.no_grad():
            for parameter, array in (
                (self.lstm.weight_hh_l0, own["recurrent"]),
                (self.lstm.weight_ih_l0, own["input"]),
                (self.lstm.bias_ih_l0, own["bias"]),
                (self.readout.weight, readout["weights"]),
                (self.readout.bias, readout["bias"]),
            ):
                parameter.copy_(torch.tensor(np.asarray(array)).reshape(parameter.shape))
            self.lstm.bias_hh_l0.zero_()
        self.lstm.bias_hh_l0.requires_grad_(False)
        trained = [p for p in self.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=RATE, fused=True)
        self.images, self.labels = torch.tensor(images), torch.tensor(labels, dtype=torch.long)

    def draw(self) -> tuple[torch.Tensor, torch.Tensor]:
        picked = torch.randint(0, IMAGES, (BATCH,))
        return (self.images[picked].float() / 255).transpose(0, 1), self.labels[picked]

    def update(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        outputs, _ = self.lstm(inputs)
        loss = torch.nn.functional.cross_entropy(self.readout(outputs[-1]), targets)
        self.optimizer.zero_grad()
        loss.backward()
        self.lstm.weight_hh_l0.grad.mul_(self.mask)
        self.optimizer.step()
        with torch.no_grad():
            self.lstm.weight_hh_l0.mul_(self.mask)


def main() -> None:
    torch.set_num_threads(1)
    # noise in the shape of MNIST: what the pixels are does not matter to the time
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (IMAGES, SIDE, SIDE)).astype(np.uint8)
    labels = generator.integers(0, CLASSES, IMAGES).astype(np.int32)
    data = Rows(*map(jnp.asarray, (images, labels)), jnp.asarray(1 / 255), jnp.asarray(0.0))

    network, optimizer = Network((LSTM(HIDDEN),)), Adam(RATE, decay="constant")
    ports = Ports(SIDE, CLASSES, False)
    learner = Trainer(SequentialMNIST(), network, ports, None, optimizer, Static(0.1), (), 20, 100, BATCH)
    operands, carry = beginning(learner, data)
    peer = Peer(carry, images, labels)
    for step in range(CHECKED):
        batch = learner.task.batch(data, named(operands.root, "batch", step), BATCH)
        peer.update(torch.tensor(np.asarray(batch.inputs)), torch.tensor(np.asarray(batch.targets), dtype=torch.long))
    compile_seconds = harness.first_call(lambda: jax.block_until_ready(segment(learner, operands, carry, 0, 1)))
    after = segment(learner, operands, carry, 0, CHECKED).weights
    pairs = (
        (after["cell0"]["recurrent"], peer.lstm.weight_hh_l0),
        (after["cell0"]["input"], peer.lstm.weight_ih_l0),
        (after["cell0"]["bias"], peer.lstm.bias_ih_l0),
        (after["readout"]["weights"], peer.readout.weight),
    )
    away = max(harness.agree(np.reshape(o, -1), p.detach().reshape(-1), "weights") for o, p in pairs)

    result = harness.versus(
        lambda: jax.block_until_ready(segment(learner, operands, carry, 0, STEPS)),
        lambda: [peer.update(*peer.draw()) for _ in range(STEPS)],
        (STEPS, STEPS),
    )
    harness.report(
        f"masked LSTM training step, {SIDE} steps of {SIDE} inputs, hidden {HIDDEN}, batch {BATCH}", result, None, 1.6,
        "step",
        f"peer: nn.LSTM, mask on weight_hh and its gradient every step, fused Adam; after {CHECKED} steps on the same "
        "batches the weights agree",
        agreement=away, compile_seconds=compile_seconds,
    )  # fmt: skip


if __name__ == "__main__":
    main()
