"""What a network has to beat: models that are fitted in seconds. One kind a file; `base.py` is the contract."""

PREDICTORS = {
    "mean": "sparsernn.measures.predictors.trivial:Mean",
    "persistence": "sparsernn.measures.predictors.trivial:Persistence",
    "linear": "sparsernn.measures.predictors.linear:Linear",
    "echo_state": "sparsernn.measures.predictors.echo_state:EchoState",
    "next_generation": "sparsernn.measures.predictors.next_generation:NextGeneration",
}
