"""Penalties added to the task's loss. One penalty one file; `base.py` is the contract."""

REGULARIZERS = {
    "balance": "sparsernn.regularizers.balance:Balance",
    "l1": "sparsernn.regularizers.l1:L1",
    "l2": "sparsernn.regularizers.l2:L2",
}
