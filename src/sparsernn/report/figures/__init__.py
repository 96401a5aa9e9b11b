"""One figure a file: ``numbers(...)`` gives plain values (tested), ``draw`` a plotly figure, ``picture`` a PNG file."""
