"""Pictures of a recording before any training, one a file."""
