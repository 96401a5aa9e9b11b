"""How weights follow their gradients. One rule one file; `base.py` is the contract, `groups`, `plateau` and `averaging`
are what every rule can be given besides."""

OPTIMIZERS = {
    "radam": "sparsernn.optimizers.radam:RAdam",
    "adam": "sparsernn.optimizers.adam:Adam",
    "adamw": "sparsernn.optimizers.adamw:AdamW",
    "sgd": "sparsernn.optimizers.sgd:SGD",
}
