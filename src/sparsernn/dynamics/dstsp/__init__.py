"""D_stsp: how much two series differ in the places of state space that they visit.

`definition` says which D_stsp is meant, `box` which region of state space counts as inside; `binning` and `mixture` are
the two estimators, `divergence` is the distance, and `comparison` compares two series in full. Nothing is imported
here.
"""
