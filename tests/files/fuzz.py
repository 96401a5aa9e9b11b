"""Damaged files of every kind, read as users read them: `python tests/files/fuzz.py --count 10000 --seed 0`.

Valid files are mutated (bits flipped, cut off, zeroed, bytes inserted or doubled, header numbers made huge, pieces of
other kinds pasted in) and read by `read_series`. Allowed is a series or a DataError or SpecError, in a bounded time and
memory. Prints a table by kind; exits 1 if there is anything else.
`ended` counts files that ended the child: SciPy's parser dies of a data type that does not exist, which one of the
files has from the beginning.
"""

import argparse
import random
import re
import resource
import struct
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from sparsernn.errors import DataError, SpecError
from sparsernn.files import child
from sparsernn.files.arrays import write_recording
from sparsernn.files.reading import Reading
from sparsernn.files.series import read_series

SLOW = 20.0
HUGE = (2**31 - 1, 2**32 - 1, 2**63 - 1, -1, 0, 10**6, 10**9)


def seeds(folder: Path) -> dict[str, list[tuple[Path, Reading]]]:
    """Small valid files by kind; kinds whose library is missing are left out."""
    x = np.random.default_rng(0).normal(size=(60, 3))
    plain, second = Reading(), Reading(variable="x")
    made: dict[str, list[tuple[Path, Reading]]] = {}

    def place(name: str, reading: Reading = plain) -> Path:
        path = folder / name
        made.setdefault(path.suffix[1:], []).append((path, reading))
        return path

    np.save(place("a.npy"), x)
    np.save(place("b.npy"), np.array(list(map(tuple, x)), dtype=[("u", "f4"), ("v", ">f8"), ("w", "f8")]))
    np.savez(place("a.npz"), x=x, fs=20.0)
    np.savez_compressed(place("b.npz", second), x=x, y=x[:9])
    np.savetxt(place("a.csv"), x, delimiter=",", header="u,v,w", comments="")
    times = np.column_stack([np.arange(60) * 0.5, x])
    np.savetxt(place("b.csv"), times, delimiter=";", header="time;u;v;w", comments="")
    edf(place("a.edf"), plus=False)
    edf(place("b.edf"), plus=True)
    edf(place("a.bdf"), plus=False, width=3)
    write_recording(place("a.safetensors"), read_series(folder / "a.npy"))
    from scipy.io import savemat

    savemat(place("a.mat"), {"x": x, "fs": 20.0, "note": "text"})
    savemat(place("b.mat", second), {"x": x, "y": x[:9], "c": np.array([1, "a"], object)}, do_compression=True)
    savemat(place("c.mat"), {"x": x}, format="4")
    whole = (folder / "a.mat").read_bytes()
    place("d.mat").write_bytes(whole.replace(struct.pack("<II", 9, x.nbytes), struct.pack("<II", 0, x.nbytes)))
    try:
        import wfdb  # noqa: F401
    except ImportError:
        pass
    else:
        record(place("r.hea"))
    try:
        import h5py
    except ImportError:
        pass
    else:
        with h5py.File(place("a.h5"), "w") as file:
            file["x"] = x
            file["x"].attrs["sampling_rate"] = 20.0
            file["group/text"] = "hello"
        with h5py.File(place("b.h5", second), "w", libver="latest") as file:
            file.create_dataset("x", data=x, chunks=(16, 3), compression="gzip", shuffle=True, fletcher32=False)
            file["table"] = np.array(list(map(tuple, x)), dtype=[("time", "f8"), ("v", "f8"), ("w", "f4")])
        with h5py.File(place("e.mat"), "w", userblock_size=512) as file:
            file["x"] = x.T
            file["x"].attrs["MATLAB_class"] = np.bytes_("double")
        with h5py.File(place("a.nwb"), "w") as file:
            group = file.create_group("acquisition/ecog")
            group["data"] = (1000 * x).astype("i2")
            group["data"].attrs.update(unit="V", conversion=1e-3)
            group["starting_time"] = 0.0
            group["starting_time"].attrs["rate"] = 30.0
    try:
        import pyarrow
        import pyarrow.feather
        import pyarrow.parquet
    except ImportError:
        pass
    else:
        table = pyarrow.table({"t": np.arange(60) * 0.1, "u": x[:, 0], "v": x[:, 1], "label": ["a"] * 30 + ["b"] * 30})
        numbers = table.drop_columns(["label"])
        pyarrow.parquet.write_table(numbers, place("a.parquet"))
        pyarrow.parquet.write_table(table, place("b.parquet", Reading(trial="label")), compression="zstd")
        pyarrow.feather.write_feather(numbers, place("a.feather"), compression="uncompressed")
        pyarrow.feather.write_feather(table, place("b.feather", Reading(trial="label")), compression="lz4")
    return made


def edf(path: Path, plus: bool, width: int = 2) -> None:
    """Six blocks of two signals, and of annotations where `plus`, with a pause."""
    count, blocks = 2 + plus, 6
    labels = ["EEG Fp1", "EEG Fp2", "EDF Annotations"][:count]
    top = 2 ** (8 * width - 1)
    head = b"\xffBIOSEMI" if width == 3 else b"0       "
    head += b"X".ljust(80) + b"Y".ljust(80) + b"01.01.2001.01.01" + str(256 * (1 + count)).encode().ljust(8)
    head += (b"EDF+D" if plus else b"").ljust(44) + str(blocks).encode().ljust(8) + b"1".ljust(8)
    head += str(count).encode().ljust(4)
    for size, cells in (
        (16, labels),
        (80, [""] * count),
        (8, ["uV"] * count),
        (8, ["-500"] * count),
        (8, ["500"] * count),
        (8, [str(-top)] * count),
        (8, [str(top - 1)] * count),
        (80, [""] * count),
        (8, ["16"] * count),
        (32, [""] * count),
    ):
        head += b"".join(cell.encode().ljust(size) for cell in cells)
    random_ = np.random.default_rng(1)
    body = b""
    for block in range(blocks):
        signals = random_.integers(-top, top, (2, 16)).astype("<i4").view(np.uint8).reshape(2, 16, 4)[:, :, :width]
        body += signals.tobytes()
        body += f"+{block + 5 * (block > 2)}\x14\x14".encode().ljust(16 * width, b"\0") if plus else b""
    path.write_bytes(head + body)


def record(path: Path) -> None:
    """A WFDB record with a checksum and three samples a frame."""
    samples = np.random.default_rng(0).integers(-500, 500, (60, 3)).astype("<i2")
    path.with_suffix(".dat").write_bytes(samples.tobytes())
    first = f"{path.stem} 1 250 60\n{path.stem}.dat 16x3 200 16 0 0 {int(samples.sum()) & 0xFFFF} 0 II\n"
    path.write_text(first + "# comment\n")


def mutated(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """One to three damages; half of them in the first kilobyte, where headers are."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        size = len(out)
        if not size:
            break
        at = rng.randrange(min(size, 1024) if rng.random() < 0.5 else size)
        length = rng.choice((1, 2, 4, 8, 64, 512))
        kind = rng.choice(("flip", "byte", "cut", "zero", "insert", "double", "number", "digits", "paste", "drop"))
        if kind == "flip":
            out[at] ^= 1 << rng.randrange(8)
        elif kind == "byte":
            out[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        elif kind == "cut":
            del out[at:]
        elif kind == "zero":
            out[at : at + length] = bytes(min(length, size - at))
        elif kind == "insert":
            out[at:at] = rng.randbytes(length)
        elif kind == "double":
            out[at:at] = out[at : at + length]
        elif kind == "number":
            code = rng.choice(("<i", ">i", "<q", ">q", "<h"))
            limit = 2 ** (8 * struct.calcsize(code))
            value = (rng.choice(HUGE) % limit).to_bytes(struct.calcsize(code), "little" if code[0] == "<" else "big")
            out[at : at + len(value)] = value
        elif kind == "digits":
            numbers = list(re.finditer(rb"\d+", bytes(out[:4096])))
            if numbers:
                found = rng.choice(numbers)
                new = str(rng.choice(HUGE)).encode()
                if rng.random() < 0.7:  # of the same width, as in headers of fixed fields
                    new = new[: len(found[0])].ljust(len(found[0]))
                out[found.start() : found.end()] = new
        elif kind == "paste":
            start = rng.randrange(len(other))
            out[at : at + length] = other[start : start + length]
        else:
            del out[at : at + length]
    return bytes(out)


def fuzz(count: int, seed: int, folder: Path, kinds: list[str] | None = None, show: bool = False) -> dict[str, dict]:
    """Counts by kind: files, read, refused, ended (the child), untyped, hangs, longest, and the memory at most."""
    warnings.simplefilter("ignore")
    warnings.filterwarnings("error", category=RuntimeWarning)  # an overflow that nobody thought of
    rng = random.Random(seed)
    files = seeds(folder)
    names = [k for k in files if kinds is None or k in kinds]
    every = [path.read_bytes() for group in files.values() for path, _ in group]
    rows = {k: dict.fromkeys(("files", "read", "refused", "ended", "untyped", "hangs", "longest"), 0) for k in names}
    with child.shared():
        for i in range(count):
            kind = names[i % len(names)]
            source, reading = rng.choice(files[kind])
            row, path = rows[kind], folder / f"damaged{source.suffix}"
            if kind == "hea":
                header, data = source.read_bytes(), source.with_suffix(".dat").read_bytes()
                which = rng.random()
                header = mutated(header, rng.choice(every), rng) if which < 0.7 else header
                path.with_name("r.dat").write_bytes(data if which < 0.5 else mutated(data, rng.choice(every), rng))
                content = header
            else:
                content = mutated(source.read_bytes(), rng.choice(every), rng)
            path.write_bytes(content or b" ")
            begin = time.perf_counter()
            row["files"] += 1
            try:
                series = read_series(path, reading=reading)
                assert np.isfinite(series.values).all()
                assert series.values.dtype == np.float64
                row["read"] += 1
            except (DataError, SpecError) as error:
                row["refused"] += 1
                row["ended"] += "process of its own" in str(error)
            except Exception as error:
                row["untyped"] += 1
                kept = folder / f"untyped-{i}{source.suffix}"
                kept.write_bytes(content)
                if show:
                    print(f"{kept}: {type(error).__name__}: {error}", file=sys.stderr)
            took = time.perf_counter() - begin
            row["hangs"] += took > SLOW
            row["longest"] = max(row["longest"], round(took, 2))
            if kind == "hea":
                path.with_name("r.dat").write_bytes(data)
    return rows


def peak_megabytes() -> tuple[int, int]:
    """The most memory that this process and any child ever had, in MB.

    On Linux the own number is VmHWM: ru_maxrss of a process counts the memory of the one that started it.
    """
    unit = 2**20 if sys.platform == "darwin" else 2**10
    own, children = (resource.getrusage(w).ru_maxrss // unit for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    status = Path("/proc/self/status")
    if status.exists():
        own = next(int(line.split()[1]) // 2**10 for line in status.read_text().splitlines() if "VmHWM" in line)
    return own, children


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", help="suffixes without the dot; all if left out")
    parser.add_argument("--megabytes", type=int, default=3_000, help="more memory than this is a fault")
    parser.add_argument("--keep", type=Path, help="where the files go (a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = options.keep or Path(folder)
        place.mkdir(exist_ok=True)
        begin = time.perf_counter()
        rows = fuzz(options.count, options.seed, place, options.kinds, show=True)
    print(f"{'kind':12}" + "".join(f"{key:>9}" for key in next(iter(rows.values()))))
    total = {k: (max if k == "longest" else sum)(row[k] for row in rows.values()) for k in next(iter(rows.values()))}
    for kind, row in [*rows.items(), ("all", total)]:
        print(f"{kind:12}" + "".join(f"{value:>9,}" for value in row.values()))
    own, children = peak_megabytes()
    print(f"{time.perf_counter() - begin:.0f} s; memory at most {own} MB here, {children} MB in a child")
    lost = any(row["files"] != row["read"] + row["refused"] or not row["files"] for row in rows.values())
    return int(lost or total["untyped"] + total["hangs"] > 0 or max(own, children) > options.megabytes)


if __name__ == "__main__":
    raise SystemExit(main())
