"""Graph mathematics: adjacency ``A[i, j]`` is the edge i -> j ([source, target]); arrays in, numbers out."""
