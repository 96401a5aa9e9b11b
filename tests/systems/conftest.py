import os
from pathlib import Path

import pytest


@pytest.fixture
def recorded_file():
    """The path of a file of the real data; skips where SPARSERNN_DATA does not hold it."""

    def find(name):
        root = os.environ.get("SPARSERNN_DATA")
        if not root or not (Path(root) / name).exists():
            pytest.skip(f"needs {name} under SPARSERNN_DATA")
        return Path(root) / name

    return find
