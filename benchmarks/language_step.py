"""A training step of the two-layer word language model of Zaremba et al. 2014, masked, against PyTorch's nn.LSTM."""

from __future__ import annotations

import harness
import jax
import jax.numpy as jnp
import numpy as np
import torch
from setting import beginning

from sparsernn.models.lstm import LSTM
from sparsernn.models.network import Network, Ports
from sparsernn.optimizers.sgd import SGD
from sparsernn.sparsifiers.methods.static import Static
from sparsernn.tasks.language import Language
from sparsernn.training.loop import Carry, Trainer, segment
from sparsernn.weights import Weights, get

WORDS, HIDDEN, LENGTH, BATCH, RATE, CLIP, TEXT = 10_000, 200, 20, 20, 1.0, 0.25, 50_000
STEPS = 3  # a round
CHECKED = 5


class Peer(torch.nn.Module):
    """nn.Embedding, nn.LSTM of two layers, nn.Linear; its second biases stay at zero, as ours has one a layer."""

    def __init__(self, carry: Carry, text: np.ndarray):
        super().__init__()
        self.embedding = torch.nn.Embedding(WORDS, HIDDEN)
        self.lstm, self.readout = torch.nn.LSTM(HIDDEN, HIDDEN, 2), torch.nn.Linear(HIDDEN, WORDS)
        weights, masks = carry.weights, carry.sparse.masks
        pairs = [
            (self.embedding.weight, np.asarray(weights["embedding"]["weights"])[0].T),
            (self.readout.weight, weights["readout"]["weights"]),
            (self.readout.bias, weights["readout"]["bias"]),
        ]
        self.masks = []
        for i in range(2):
            own = weights[f"cell{i}"]
            recurrent = getattr(self.lstm, f"weight_hh_l{i}")
            pairs += [(recurrent, own["recurrent"]), (getattr(self.lstm, f"weight_ih_l{i}"), own["input"])]
            pairs += [(getattr(self.lstm, f"bias_ih_l{i}"), own["bias"])]
            mask = torch.tensor(np.asarray(masks[f"cell{i}/recurrent"])).reshape(-1, HIDDEN)
            self.masks.append((recurrent, mask))
        with torch.no_grad():
            for parameter, array in pairs:
                parameter.copy_(torch.tensor(np.asarray(array)).reshape(parameter.shape))
            for i in range(2):
                getattr(self.lstm, f"bias_hh_l{i}").zero_().requires_grad_(False)
        self.trained = [p for p in self.parameters() if p.requires_grad]
        self.optimizer = torch.optim.SGD(self.trained, lr=RATE, foreach=True)
        self.columns = torch.tensor(text.astype(np.int64))
        self.step, self.state = 0, None

    def update(self) -> None:
        length = (len(self.columns) - 1) // BATCH
        first = torch.arange(BATCH) * length + self.step % (length // LENGTH) * LENGTH
        words = self.columns[first[None, :] + torch.arange(LENGTH + 1)[:, None]]
        outputs, state = self.lstm(self.embedding(words[:-1]), self.state)
        self.state = tuple(part.detach() for part in state)
        loss = torch.nn.functional.cross_entropy(self.readout(outputs).reshape(-1, WORDS), words[1:].reshape(-1))
        self.optimizer.zero_grad()
        loss.backward()
        for parameter, mask in self.masks:
            parameter.grad.mul_(mask)
        torch.nn.utils.clip_grad_norm_(self.trained, CLIP)
        self.optimizer.step()
        with torch.no_grad():
            for parameter, mask in self.masks:
                parameter.mul_(mask)
        self.step += 1


def of_both(weights: Weights) -> list[np.ndarray]:
    """Matrices that both sides have, in the peer's order and shapes but for the gates."""
    embedding = np.asarray(weights["embedding"]["weights"])[0].T
    paths = ("readout/weights", "cell0/recurrent", "cell1/recurrent", "cell1/input")
    return [embedding, *(np.asarray(get(weights, path)) for path in paths)]


def main() -> None:
    torch.set_num_threads(1)
    text = np.random.default_rng(0).integers(0, WORDS, TEXT).astype(np.int32)
    data = jnp.asarray(text)
    network = Network((LSTM(HIDDEN), LSTM(HIDDEN)), embedding=HIDDEN)
    task = Language("ptb", sequence=LENGTH)  # its text is never read: `data` takes its place
    optimizer = SGD(RATE, decay="constant", clip_norm=CLIP)
    ports = Ports(0, WORDS, tokens=WORDS)
    learner = Trainer(task, network, ports, None, optimizer, Static(0.2), (), 20, 100, BATCH)
    operands, carry = beginning(learner, data)
    peer = Peer(carry, text)
    begun = of_both(carry.weights)
    for _ in range(CHECKED):
        peer.update()
    compile_seconds = harness.first_call(lambda: jax.block_until_ready(segment(learner, operands, carry, 0, 1)))
    after = segment(learner, operands, carry, 0, CHECKED).weights
    lstm = peer.lstm
    of_peer = (peer.embedding.weight, peer.readout.weight, lstm.weight_hh_l0, lstm.weight_hh_l1, lstm.weight_ih_l1)
    pairs = list(zip(of_both(after), of_peer, strict=True))
    moved = [np.reshape(o, -1) - np.reshape(b, -1) for (o, _), b in zip(pairs, begun, strict=True)]
    peers = [p.detach().numpy().reshape(-1) - np.reshape(b, -1) for (_, p), b in zip(pairs, begun, strict=True)]
    away = max(harness.agree(o, p, "changes of weights", 1e-2) for o, p in zip(moved, peers, strict=True))
    result = harness.versus(
        lambda: jax.block_until_ready(segment(learner, operands, carry, 0, STEPS)),
        lambda: [peer.update() for _ in range(STEPS)],
        (STEPS, STEPS),
        rounds=9,
    )
    harness.report(
        f"masked two-layer LSTM language model step, hidden {HIDDEN}, {WORDS:,} words, {LENGTH} steps, batch {BATCH}",
        result, None, 1.3, "step",
        "peer: nn.Embedding, nn.LSTM, nn.Linear, cross-entropy, masks on weight_hh and its gradient every step, norm "
        f"clipping, SGD, states carried; after {CHECKED} steps on the same windows the changes of the weights agree",
        agreement=away, compile_seconds=compile_seconds,
    )  # fmt: skip


if __name__ == "__main__":
    main()
