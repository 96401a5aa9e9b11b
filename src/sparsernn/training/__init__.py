"""Training: the loop, what it makes, rounds of pruning."""
