"""What is odd about a recorded series, one file a code: found before a network is trained on it.

Every detector is a pure function of an array (T, N) (and where it matters the first rows of its stretches) and returns
a list of `sparsernn.dynamics.oddities.base.Oddity`; its thresholds are named constants, each with its reason. Nothing
is computed across the boundary of two stretches. `sparsernn.dynamics.oddities.check` asks all of them.
"""
