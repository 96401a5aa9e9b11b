"""Cells and the network that stacks them. One cell one file; `base.py` is the contract."""

CELLS = {
    "plrnn": "sparsernn.models.plrnn:PLRNN",
    "rnn": "sparsernn.models.rnn:RNN",
    "lstm": "sparsernn.models.lstm:LSTM",
    "gru": "sparsernn.models.gru:GRU",
    "rhn": "sparsernn.models.rhn:RHN",
    "ctrnn": "sparsernn.models.ctrnn:CTRNN",
    "neural_ode": "sparsernn.models.neural_ode:NeuralODE",
}
