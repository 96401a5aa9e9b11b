"""Which reader reads which kind of graph file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sparsernn.errors import DataError, SpecError
from sparsernn.files.graphs import delimited, graphml, matrices, tensors
from sparsernn.files.graphs.wiring import Wiring
from sparsernn.files.limits import regular_file

KEYED: dict[str, Callable[[Path, str | None], Wiring]] = {
    ".npy": matrices.read_array,
    ".npz": matrices.read_archive,
    ".mat": matrices.read_matlab,
    ".safetensors": tensors.read_safetensors,
    ".pt": tensors.read_torch,
    ".pth": tensors.read_torch,
}
TEXT = (".csv", ".tsv", ".txt", ".edges", ".edgelist", ".csv.gz", ".tsv.gz", ".txt.gz")
KNOWN = (*KEYED, *TEXT, ".graphml")


def read_wiring(path: Path, key: str | None = None, only: delimited.Only | None = None) -> Wiring:
    """The graph in a file, by its suffix. `key` names a matrix of several, `only` chooses lines of a list of edges.
    DataError for an unknown suffix, SpecError for a key or a choice where there are none."""
    path = regular_file(path)
    name = path.name.lower()
    suffix = next((s for s in KNOWN if name.endswith(s)), None)
    if suffix is None:
        raise DataError(f'{path}: graphs are not read from "{path.suffix}"; known: {", ".join(KNOWN)}')
    if only and suffix not in TEXT:
        raise SpecError(f"{path}: --only chooses lines of a list of edges as text, not of {suffix}")
    if suffix in KEYED:
        return KEYED[suffix](path, key)
    if key is not None:
        raise SpecError(f'{path} holds one graph without a name; leave --key "{key}" out')
    return graphml.read_graphml(path) if suffix == ".graphml" else delimited.read_delimited(path, only)
