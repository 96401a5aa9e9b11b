"""Known dynamical systems. One system one file."""

SYSTEMS = {
    "lorenz63": "sparsernn.systems.lorenz63:Lorenz63",
    "roessler": "sparsernn.systems.roessler:Roessler",
}
