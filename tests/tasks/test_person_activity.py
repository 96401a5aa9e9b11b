import numpy as np
import pytest
from tests.tasks.written import ACTIVITIES, tags

from sparsernn.errors import DataError, SpecError
from sparsernn.tasks.base import SPLITS
from sparsernn.tasks.person_activity import PersonActivity


@pytest.fixture
def folder(tmp_path):
    return tags(tmp_path)


def test_people_are_held_out_whole(folder):
    task = PersonActivity(path=folder)
    windows = task.load()
    assert {split: len(w.labels) for split, w in windows.items()} == {"train": 360, "validation": 120, "test": 120}
    assert windows["train"].begins.tolist() == [k * 60 + b for k in range(6) for b in (0, 16)]
    assert windows["test"].begins.tolist() == [0, 60]
    assert (task.inputs, task.outputs) == (7, 7)
    assert task.describe() == "person activity (four tags), test E, windows 12 train, 2 validation, 2 test"
    train = windows["train"].values
    np.testing.assert_array_equal(train[:8, :4], np.tile(np.eye(4), (2, 1)))
    np.testing.assert_allclose(train[:, 4:].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(train[:, 4:].std(axis=0), 1, atol=1e-5)
    assert abs(windows["test"].values[:, 5].mean()) > 1e-4, "the test people's own mean is not used"


def test_eleven_activities_are_seven(folder):
    seven = PersonActivity(path=folder).load()["test"].labels[: 7 * 8 : 7]
    named = dict(zip(ACTIVITIES, seven.tolist(), strict=False))
    assert named["lying"] == named["lying down"] == 0
    assert named["sitting"] == named["sitting down"] == 1
    assert [named[n] for n in ("standing up from lying", "walking", "falling", "on all fours")] == [2, 3, 4, 5]


def test_a_class_at_every_step(folder):
    batch = next(PersonActivity(path=folder).examples("test", 9))
    assert batch.inputs.shape == (32, 2, 7)
    assert batch.targets.shape == (2, 32)
    np.testing.assert_array_equal(batch.targets[0], PersonActivity(path=folder).load()["test"].labels[:32])


def test_the_published_split_mixes_people_and_leaves_the_last_recording_out(tmp_path):
    folder = tags(tmp_path, rows=33 + 16 * 4)
    windows = PersonActivity(path=folder, split="zhang2023").load()
    assert sum(len(windows[split].begins) for split in SPLITS) == 9 * 5
    assert len(windows["validation"].begins) == 4
    assert len(windows["test"].begins) == 6
    assert windows["train"].values is windows["test"].values
    assert windows["train"].values[:, 4].max() > 3, "coordinates as they are"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A01,020-000-033-111,1,d,1,2,3,dancing", "line 2.*dancing"),
        ("A01,020-000-033-999,1,d,1,2,3,walking", "line 2.*020-000-033-999"),
        ("A01,020-000-033-111,1,d,1,2,walking", "line 2.*7 columns"),
        ("A01,020-000-033-111,1,d,1,2,north,walking", "line 2.*north"),
        ("A01,020-000-033-111,1,d,1,2,nan,walking", "recording A01 has positions that are not finite"),
        ("F01,020-000-033-111,1,d,1,2,3,walking", "recordings of A, F; expected of the five people"),
    ],
)
def test_files_that_are_something_else(tmp_path, line, message):
    good = "A01,010-000-024-033,633790226051280329,27.05.2009 14:03:25:127,4.06,1.89,0.51,walking"
    (tmp_path / "ConfLongDemo_JSI.txt").write_text(f"{good}\n{line}\n")
    with pytest.raises(DataError, match=message):
        PersonActivity(path=str(tmp_path)).load()


def test_missing_data_say_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSERNN_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(DataError, match="sparsernn data fetch person_activity"):
        PersonActivity().load()
    with pytest.raises(DataError, match="longer than a recording of the train split"):
        PersonActivity(path=tags(tmp_path), window=61).load()
    with pytest.raises(SpecError, match="none twice"):
        PersonActivity(validation=("E",))
    with pytest.raises(SpecError, match="nobody to train on"):
        PersonActivity(validation=("A", "B", "C"), test=("D", "E"))
