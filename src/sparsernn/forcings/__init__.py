"""How much of the true state is fed back while a network learns a recorded system. One plan one file; `base.py` is the
contract."""

FORCINGS = {
    "sparse_identity": "sparsernn.forcings.sparse_identity:SparseIdentity",
    "generalized": "sparsernn.forcings.generalized:Generalized",
}
