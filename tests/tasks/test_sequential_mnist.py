import gzip
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.tasks import sequential_mnist
from sparsernn.tasks.base import SPLITS
from sparsernn.tasks.sequential_mnist import SequentialMNIST


@pytest.fixture(autouse=True)
def fresh_cache():
    sequential_mnist._load.cache_clear()
    yield
    sequential_mnist._load.cache_clear()


@pytest.fixture
def no_mnist(monkeypatch, tmp_path):
    """No data set is to be found anywhere."""
    from sparsernn.files import datasets

    monkeypatch.setattr(datasets, "places", lambda: [tmp_path])


@pytest.fixture
def mnist():
    task = SequentialMNIST("mnist")
    try:
        task.load()
    except DataError as error:
        pytest.skip(f"MNIST is not on this machine: {error}")
    return task


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))


def write_small(folder, images=None, labels=None, test_images=None, test_labels=None):
    """Twenty-four training images of 3 x 2 whose pixels tell their number, four test images."""
    count = np.arange(24)[:, None, None] * np.ones((24, 3, 2))
    for name, array, default in (
        ("train-images-idx3", images, count),
        ("train-labels-idx1", labels, np.arange(24) % 10),
        ("t10k-images-idx3", test_images, 100 + count[:4]),
        ("t10k-labels-idx1", test_labels, np.array([7, 1, 0, 2])),
    ):
        write_idx(folder / f"{name}-ubyte.gz", default if array is None else array)


def test_files_in_a_folder_are_split_in_file_order(tmp_path):
    write_small(tmp_path)
    task = SequentialMNIST(path=str(tmp_path))
    assert (task.inputs, task.outputs) == (2, 10)
    number = {s: np.asarray(next(task.examples(s, 99)).inputs[0, :, 0] * 255).round().astype(int) for s in SPLITS}
    assert list(number["train"]) == list(range(22))
    assert list(number["validation"]) == [22, 23]
    assert list(number["test"]) == [100, 101, 102, 103]
    assert list(next(task.examples("validation", 99)).targets) == [2, 3]
    assert task.describe() == f"the MNIST files in {tmp_path}, 3 rows of 2"
    # training labels 0 and 1 are the commonest (three each of 22), argmax takes 0: one of four test labels
    assert task.reference()["accuracy of the commonest class"] == 0.25
    frequency = np.array([3, 3, 2, 2]) / 22  # of classes 0, 1, 2, 7
    assert task.reference()["loss of the class frequencies"] == pytest.approx(-np.log(frequency).mean())


def test_some_test_images_only(tmp_path):
    write_small(tmp_path)
    task = SequentialMNIST(path=str(tmp_path), test_images=3)
    assert [int(i) for i in next(task.examples("test", 9)).targets] == [7, 1, 0]
    assert "the first 3 test images only" in task.describe()
    assert task.content_hash() != SequentialMNIST(path=str(tmp_path)).content_hash()
    with pytest.raises(DataError, match="has 4 test images, got 5"):
        SequentialMNIST(path=str(tmp_path), test_images=5).load()


def test_one_image_row_a_step(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, size=(24, 3, 2))
    write_small(tmp_path, images=images)
    task = SequentialMNIST(path=str(tmp_path))
    batch = next(task.examples("train", 99))
    assert batch.inputs.shape == (3, 22, 2)
    for step in range(3):
        np.testing.assert_allclose(batch.inputs[step], images[:22, step] / 255, rtol=1e-6)
    drawn = task.batch(task.data("train"), jax.random.key(0), 50)
    at = [int(np.flatnonzero([np.allclose(d, i / 255) for i in images])[0]) for d in np.swapaxes(drawn.inputs, 0, 1)]
    np.testing.assert_array_equal(drawn.targets, np.array(at) % 10)
    assert len(set(at)) > 10
    assert max(at) < 22


def test_standardization_uses_training_pixels_only(tmp_path):
    images = np.random.default_rng(0).integers(0, 100, size=(24, 3, 2))
    images[22:] = 255  # validation
    write_small(tmp_path, images=images)
    batch = next(SequentialMNIST(path=str(tmp_path), standardize=True).examples("train", 99))
    expected = (images[:22] - images[:22].mean()) / images[:22].std()
    np.testing.assert_allclose(np.swapaxes(batch.inputs, 0, 1), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"labels": np.zeros(23)}, r"training images of shape \(24, 3, 2\) with labels of shape \(23,\)"),
        ({"labels": np.full(24, 10)}, "labels up to 10"),
        ({"test_images": np.zeros((4, 2, 3))}, r"test images of shape \(4, 2, 3\)"),
        ({"images": np.zeros((24, 6))}, r"training images of shape \(24, 6\)"),
        ({"images": np.zeros((11, 3, 2)), "labels": np.zeros(11)}, "11 training images"),
        ({"test_images": np.zeros((0, 3, 2)), "test_labels": np.zeros(0)}, "0 test images"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path, damage, message):
    write_small(tmp_path, **damage)
    with pytest.raises(DataError, match=message):
        SequentialMNIST(path=str(tmp_path)).load()


def test_damaged_files_are_an_error_even_where_digits_could_stand_in(tmp_path, monkeypatch, no_mnist):
    from sparsernn.files import datasets

    write_small(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(b"no labels")
    files = {f.name: tmp_path / f.name for f in datasets.DATASETS["mnist"].files}
    monkeypatch.setattr(datasets, "find", lambda name, path=None: files)
    with pytest.raises(DataError, match="train-labels"):
        SequentialMNIST().load()


def test_digits_stand_in_and_say_so(no_mnist):
    task = SequentialMNIST()
    assert (task.inputs, task.outputs) == (8, 10)
    assert task.describe() == "scikit-learn's digits, 8 rows of 8 (MNIST was not found)"
    sizes = {s: sum(b.inputs.shape[1] for b in task.examples(s, 100)) for s in SPLITS}
    assert sizes == {"train": 1078, "validation": 360, "test": 359}
    assert task.content_hash() == SequentialMNIST("digits").content_hash()
    values = np.asarray(next(task.examples("train", 2_000)).inputs)
    assert (values.min(), values.max()) == (0, 1)


def test_digits_are_scikit_learns():
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    task = SequentialMNIST("digits")
    assert task.describe() == "scikit-learn's digits, 8 rows of 8"
    found = [next(task.examples(s, 2_000)) for s in SPLITS]
    np.testing.assert_array_equal(np.concatenate([b.targets for b in found]), labels)
    rows = np.concatenate([np.swapaxes(b.inputs, 0, 1) for b in found])
    np.testing.assert_array_equal(rows.reshape(-1, 64) * 16, images)


def test_mnist_asked_for_but_absent(no_mnist, tmp_path):
    with pytest.raises(DataError, match="sparsernn data fetch mnist"):
        SequentialMNIST("mnist").load()
    with pytest.raises(DataError, match="not found"):
        SequentialMNIST(path=str(tmp_path / "nowhere")).load()


def test_without_scikit_learn_the_command_is_told(no_mnist, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    for task in (SequentialMNIST(), SequentialMNIST("digits")):
        with pytest.raises(DataError, match=r"pip install 'sparsernn\[examples\]'"):
            task.load()


def test_all_problems_are_told():
    with pytest.raises(SpecError, match="path: digits come with scikit-learn"):
        SequentialMNIST("digits", path="here")
    with pytest.raises(SpecError, match="source: input should be 'auto', 'mnist' or 'digits', got 'fashion'"):
        SequentialMNIST("fashion")


def test_loss_is_the_cross_entropy_of_the_last_step():
    task = SequentialMNIST("digits")
    batch = next(task.examples("test", 3))
    logits = np.random.default_rng(0).normal(size=(8, 3, 10))
    logits[:-1] = 1e3
    p = np.exp(logits[-1]) / np.exp(logits[-1]).sum(axis=1, keepdims=True)
    expected = -np.log(p[np.arange(3), np.asarray(batch.targets)]).mean()
    assert float(task.loss(jnp.asarray(logits), batch)) == pytest.approx(expected, rel=1e-5)
    sure = jnp.zeros((8, 3, 10)).at[-1, jnp.arange(3), batch.targets].set(1e4)
    assert {k: float(v) for k, v in task.score(sure, batch).items()} == {"accuracy": 1.0, "loss": 0.0}
    wrong = jnp.zeros((8, 3, 10)).at[-1, jnp.arange(3), (batch.targets + 1) % 10].set(50.0)
    assert {k: float(v) for k, v in task.score(wrong, batch).items()} == {"accuracy": 0.0, "loss": pytest.approx(50.0)}


@pytest.mark.data
def test_real_mnist(mnist):
    assert mnist.describe() == "MNIST, 28 rows of 28"
    assert (mnist.inputs, mnist.outputs) == (28, 10)
    digits = mnist.load()
    assert [getattr(digits, s)[0].shape for s in SPLITS] == [(55_000, 28, 28), (5_000, 28, 28), (10_000, 28, 28)]
    # published: the first labels of both files, and the number of ones in the test file
    assert list(digits.train[1][:5]) == [5, 0, 4, 1, 9]
    assert list(digits.test[1][:5]) == [7, 2, 1, 0, 4]
    assert mnist.reference()["accuracy of the commonest class"] == 0.1135
    # and the mean and sd that everybody standardizes by, over all 60,000
    pixels = np.concatenate([digits.train[0], digits.validation[0]]) / 255
    assert (pixels.mean(), pixels.std()) == (pytest.approx(0.1307, abs=1e-4), pytest.approx(0.3081, abs=1e-4))
    assert SequentialMNIST().content_hash() == mnist.content_hash() != SequentialMNIST("digits").content_hash()
