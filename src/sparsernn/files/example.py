"""The recording that ships with the package."""

from __future__ import annotations

import hashlib
import io
from importlib import resources

import numpy as np

from sparsernn.errors import DataError, SpecError, nearest
from sparsernn.files.series import Series

SHA256 = "f20ad3365fb9b7f845d0e5c48b6fe67081377ee466c3a220b7f69f35c8958baf"
EXAMPLES = ("ecg",)


def example_recording(name: str = "ecg") -> Series:
    """Five minutes of a human electrocardiogram: (108000, 1) in millivolts, 360 Hz, so dt = 1/360 s.

    Lead MLII of record 208 of the MIT-BIH Arrhythmia Database, 19:35 to 24:35, with many premature beats.
    Source: Moody & Mark 2001, Goldberger et al. 2000, as excerpted by SciPy; ODC-By 1.0, see ``data/ecg_LICENSE.md``.
    """
    if name not in EXAMPLES:
        raise SpecError(f'no example recording "{name}"{nearest(name, EXAMPLES)}')
    raw = resources.files("sparsernn.files").joinpath("data/ecg.dat").read_bytes()
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise DataError("the example recording ecg.dat inside the package is damaged; install the package again")
    with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
        stored = archive["ecg"]
    values = (stored.astype(np.float64)[:, None] - 1024) / 200
    source = "MIT-BIH Arrhythmia Database, record 208, 19:35 to 24:35 (example recording)"
    return Series(
        values, ("MLII",), 1 / 360, source, SHA256, units=("mV",), dt_source="the recording's notes", time_unit="s"
    )
