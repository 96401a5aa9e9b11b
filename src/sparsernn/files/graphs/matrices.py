"""Matrices of NumPy, SciPy and MATLAB."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from scipy import sparse

from sparsernn.errors import DataError, SpecError
from sparsernn.files.graphs.wiring import Wiring, of_matrix
from sparsernn.files.limits import unreadable
from sparsernn.files.matlab import read_mat
from sparsernn.files.numpy_file import read_npy, read_npz

PARTS = {"csr": ("indices", "indptr"), "csc": ("indices", "indptr"), "coo": ("row", "col")}


def read_array(path: Path, key: str | None) -> Wiring:
    """A square array of a .npy file."""
    return of_matrix(read_npy(path, None, key).values, str(path))


def read_matlab(path: Path, key: str | None) -> Wiring:
    """The square matrix `key` of a .mat file, or the only numeric one."""
    return of_matrix(read_mat(path, None, key).values, str(path))


def read_archive(path: Path, key: str | None) -> Wiring:
    """The square array `key` of a .npz file, or the only one; or a matrix as ``scipy.sparse.save_npz`` writes it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise unreadable(path, error) from None
    if key is None and {"data", "shape"} <= members:
        if {"row", "col"} <= members:
            return _sparse(path, "coo")
        if {"indices", "indptr"} <= members:
            return _sparse(path, "csc" if _is_csc(path) else "csr")
    return of_matrix(read_npz(path, None, key).values, str(path))


def _is_csc(path: Path) -> bool:
    """Whether SciPy says that columns come first; its ``format`` is a short text."""
    with zipfile.ZipFile(path) as archive:
        if "format.npy" not in archive.namelist() or archive.getinfo("format.npy").file_size > 1000:
            return False
        return b"csc" in archive.read("format.npy")


def _sparse(path: Path, kind: str) -> Wiring:
    column = lambda name: read_npz(path, None, name).values.ravel()
    first, second = PARTS[kind]
    shape = tuple(int(n) for n in column("shape"))
    if len(shape) != 2 or shape[0] != shape[1]:
        raise DataError(f"{path} has shape {shape}; expected a square matrix")
    data, a, b = column("data"), column(first).astype(np.int64), column(second).astype(np.int64)
    if not np.isfinite(data).all():
        raise DataError(f"{path}: {np.count_nonzero(~np.isfinite(data)):,} of the weights are NaN or infinite")
    n = shape[0]
    try:
        if kind == "coo":
            made = sparse.coo_array((data, (a, b)), shape=shape)
        else:
            if len(b) != n + 1 or (np.diff(b) < 0).any() or b[0] != 0 or b[-1] != len(a) or len(a) != len(data):
                raise ValueError("its index is damaged")
            if len(a) and (a.min() < 0 or a.max() >= n):
                raise ValueError("an index is beyond the matrix")
            made = (sparse.csr_array if kind == "csr" else sparse.csc_array)((data, a, b), shape=shape).tocoo()
    except (ValueError, SpecError) as error:
        raise DataError(f"{path} is damaged: {error}") from None
    made.sum_duplicates()
    keep = made.data != 0
    row, col = (ends[keep] for ends in made.coords)
    return Wiring(n, row, col, made.data[keep])
