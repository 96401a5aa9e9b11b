"""What every registered task must keep to."""

import numpy as np
import pytest
from tests.tasks import written

from sparsernn.errors import DataError
from sparsernn.report.figures import trials
from sparsernn.spec import build
from sparsernn.tasks import TASKS
from sparsernn.tasks.base import AbstractTask
from sparsernn.tasks.sequential_mnist import SequentialMNIST
from sparsernn.testing import check_task

SPECS = {
    "reconstruction": {"reconstruction": {"file": "FILE", "sequence": 10}},
    "reconstruction-embedded": {"reconstruction": {"file": "FILE", "columns": ["x0"], "lags": [0, 3], "sequence": 7}},
    "adding": {"adding": {"length": 12, "held_out": 50}},
    "adding-anywhere": {"adding": {"length": 5, "held_out": 50, "marks": "anywhere"}},
    "sequential_mnist-digits": {"sequential_mnist": {"source": "digits"}},
    "mackey_glass": {"mackey_glass": {"rows": 1_500, "past": 20, "ahead": 4}},
    "cognitive": {"cognitive": {"tasks": ["go", "dnmc"], "units": 8, "dt": 100, "held_out": 5}},
    "gestures": {"gestures": {}},
    "gestures-published": {"gestures": {"split": "zhang2023"}},
    "sms": {"sms": {"path": "SMS", "length": 6, "seen": 3}},
    "sms-published": {
        "sms": {
            "path": "LONG",
            "seen": 11,
            "vocabulary": "all",
            "copies": "anywhere",
            "read": "last step",
            "softmax": "twice",
        }
    },
    "uci_har": {"uci_har": {"path": "HAR", "validation": [28]}},
    "person_activity": {"person_activity": {"path": "TAGS", "window": 8, "stride": 4}},
    "person_activity-published": {"person_activity": {"path": "TAGS", "window": 8, "stride": 4, "split": "zhang2023"}},
    "language": {"language": {"file": "TEXT", "sequence": 5, "rows": 3}},
}


WRITTEN = {
    "SMS": written.messages, "LONG": lambda folder: written.messages(folder, 8), "HAR": written.smartphones,
    "TAGS": written.tags,
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    rng = np.random.default_rng(0)
    np.save(folder / "walk.npy", rng.normal(size=(400, 2)).cumsum(axis=0))
    words = [f"w{i}" for i in range(30)]
    text = "\n".join(" ".join(rng.choice(words, rng.integers(1, 9))) for _ in range(200))
    (folder / "book.txt").write_text(text, encoding="utf-8")
    found = {"FILE": str(folder / "walk.npy"), "TEXT": str(folder / "book.txt")}
    for name, write in WRITTEN.items():
        (folder / name).mkdir()
        found[name] = write(folder / name)
    return found


@pytest.fixture(params=SPECS)
def task(request, files):
    ((name, fields),) = SPECS[request.param].items()
    built = build(AbstractTask, {name: {k: files.get(v, v) if isinstance(v, str) else v for k, v in fields.items()}})
    if request.param.partition("-")[0] in ("sequential_mnist", "gestures"):
        try:
            built.load()
        except DataError as error:
            pytest.skip(f"the data are not on this machine: {error}")
    return built


def test_every_task_is_tried_here():
    assert {name for spec in SPECS.values() for name in spec} == set(TASKS)


def test_task(task):
    check_task(task)
    assert task.reference(), "tasks of this package say what trivial predictors reach"


def test_windows_that_do_not_fit_are_refused(task):
    if task.carried:
        with pytest.raises(DataError, match="fewer rows or a shorter sequence"):
            task.updates_a_pass(10_000)


def test_a_stream_drives_a_network_through_the_split(task):
    streams = {split: task.stream(split) for split in ("validation", "test")}
    for split, stream in streams.items():
        first = next(task.examples(split, 1))
        if first.inputs is None:
            assert stream is None
            continue
        assert stream.shape[1:] == first.inputs.shape[2:]
        if task.tokens:  # windows begin with the end of a sentence that is not in the text: see test_language_windows
            continue
        np.testing.assert_allclose(stream[: len(first.inputs)], first.inputs[:, 0], atol=1e-6)
    assert streams["test"] is None or not np.array_equal(streams["test"], streams["validation"])


def test_sequences_can_be_drawn(task):
    found = task.pictures("validation", 2)
    assert bool(found) == (not task.tokens)
    if found:
        drawn = trials.numbers(found)
        assert len(drawn.columns) == len(found)
        assert drawn.low < drawn.high


def test_content_hashes_differ():
    hashes = [build(AbstractTask, s).content_hash() for s in (
        {"adding": {"held_out": 9}}, {"adding": {"held_out": 9, "seed": 1}}, {"adding": {"held_out": 9, "length": 8}},
        {"sequential_mnist": {"source": "digits"}},
    )]  # fmt: skip
    assert len(set(hashes)) == len(hashes)
    assert SequentialMNIST("digits").content_hash() == hashes[-1]
