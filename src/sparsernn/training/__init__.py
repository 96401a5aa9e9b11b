"""Training: forcing, optimizers, the loop, rounds of pruning, runs on disk."""

FORCINGS = {
    "sparse_identity": "sparsernn.training.forcing:SparseIdentity",
    "generalized": "sparsernn.training.forcing:Generalized",
}
OPTIMIZERS = {
    "radam": "sparsernn.training.optimizers:RAdam",
    "adam": "sparsernn.training.optimizers:Adam",
    "sgd": "sparsernn.training.optimizers:SGD",
}
