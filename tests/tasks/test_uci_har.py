import zipfile

import numpy as np
import pytest
from tests.tasks.written import smartphones

from sparsernn.errors import DataError
from sparsernn.files.uci_har import SIGNALS, read_uci_har
from sparsernn.tasks.uci_har import UciHar


def archive(path, sides):
    """The archive as UCI publishes it."""
    with zipfile.ZipFile(path, "w") as zipped:
        for side, (signals, labels, people) in sides.items():
            for k, name in enumerate(SIGNALS):
                text = "\n".join("  " + " ".join(f"{x: .8e}" for x in row) for row in signals[:, :, k])
                zipped.writestr(f"UCI HAR Dataset/{side}/Inertial Signals/{name}_{side}.txt", text + "\n")
            for name, values in (("y", labels), ("subject", people)):
                zipped.writestr(f"UCI HAR Dataset/{side}/{name}_{side}.txt", "\n".join(map(str, values)) + "\n")
    return path


def sides_of(folder):
    with np.load(f"{folder}/uci_har_inertial.npz") as arrays:
        return {s: tuple(arrays[f"{n}_{s}"] for n in ("X", "y", "subject")) for s in ("train", "test")}


def test_the_archive_and_the_npz_hold_the_same(tmp_path):
    sides = sides_of(smartphones(tmp_path))
    published = read_uci_har(archive(tmp_path / "UCI_HAR_Dataset.zip", sides))
    for side, found in read_uci_har(tmp_path / "uci_har_inertial.npz").items():
        for mine, theirs in zip(found, published[side], strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6)
        assert found.activities.min() == 0
    (tmp_path / "uci_har_inertial.npz").unlink()
    assert len(UciHar(path=str(tmp_path), validation=(27, 28)).load()["test"].activities) == 16


def test_people_lie_on_one_side(tmp_path):
    task = UciHar(path=smartphones(tmp_path), validation=(3, 28))
    found = {split: len(windows.activities) for split, windows in task.load().items()}
    assert found == {"train": 32, "validation": 16, "test": 16}
    train = task.load()["train"].signals.reshape(-1, 9)
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(train.std(axis=0), 1, atol=1e-5)
    raw = sides_of(tmp_path)["train"]
    held = UciHar(path=str(tmp_path), validation=(3, 28), standardize=False).load()["validation"]
    np.testing.assert_array_equal(held.signals, raw[0][np.isin(raw[2], (3, 28))])
    with pytest.raises(DataError, match=r"validation must name some of the people .* got 5"):
        UciHar(path=str(tmp_path), validation=(5,)).load()
    with pytest.raises(DataError, match="leave others to train on"):
        UciHar(path=str(tmp_path), validation=(1, 2, 3, 4, 27, 28)).load()


def test_a_linear_map_knows_what_shows_in_a_mean(tmp_path):
    # of six activities; it shows in one signal among nine
    linear = UciHar(path=smartphones(tmp_path, windows=24), validation=(28,)).reference()
    assert linear["accuracy of a linear map of means and sds"] > 0.3


def test_files_that_are_something_else(tmp_path):
    sides = sides_of(smartphones(tmp_path))
    signals, labels, people = sides["train"]
    path = tmp_path / "x.zip"
    path.write_bytes(b"no archive")
    with pytest.raises(DataError, match="cannot be read"):
        read_uci_har(path)
    with pytest.raises(DataError, match="has no UCI HAR Dataset/test"):
        read_uci_har(archive(path, {"train": sides["train"]}))
    with pytest.raises(DataError, match="must be 1 to 6"):
        read_uci_har(archive(path, sides | {"train": (signals, labels + 1, people)}))
    with pytest.raises(DataError, match="no table of 128 numbers"):
        read_uci_har(archive(path, sides | {"train": (signals[:, 1:], labels, people)}))
    with pytest.raises(DataError, match=r"activities \(47,\)"):
        read_uci_har(archive(path, sides | {"train": (signals, labels[1:], people)}))
    archive(tmp_path / "UCI_HAR_Dataset.zip", dict.fromkeys(("train", "test"), sides["train"]))
    (tmp_path / "uci_har_inertial.npz").unlink()
    with pytest.raises(DataError, match="in train and in test"):
        UciHar(path=str(tmp_path), validation=(28,)).load()


@pytest.mark.data
def test_the_published_data():
    task = UciHar()
    try:
        found = task.load()
    except DataError as error:
        pytest.skip(f"the data are not on this machine: {error}")
    assert len(found["train"].activities) + len(found["validation"].activities) == 7_352
    assert np.bincount(found["test"].activities).tolist() == [496, 471, 420, 491, 532, 537]
    raw = UciHar(standardize=False).load()["test"].signals
    assert raw.mean() == pytest.approx(0.0991399, abs=1e-6)
    assert raw.std() == pytest.approx(0.395671, abs=1e-5)
