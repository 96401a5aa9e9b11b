import math

import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn import read_spec, run
from sparsernn.errors import DataError, SpecError
from sparsernn.tasks import sms
from sparsernn.tasks.base import SPLITS
from sparsernn.tasks.sms import SmsSpam


def corpus(folder, lines):
    """A file of messages; the folder that holds it."""
    (folder / "SMSSpamCollection").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(folder)


@pytest.fixture
def small(tmp_path):
    """Three hundred messages; spam has `win` somewhere, ham has not, and a third are copies."""
    draw = np.random.default_rng(0)
    words = [a + b for a in "bcdfgh" for b in "aeiou"]
    lines = []
    for k in range(200):
        said = list(draw.choice(words, draw.integers(1, 9)))
        if k % 4 == 0:
            said.insert(draw.integers(len(said) + 1), "win")
        lines.append(f"{'spam' if k % 4 == 0 else 'ham'}\t{' '.join(said)}")
    return corpus(tmp_path, [*lines, *lines[:100]])


@pytest.fixture
def published():
    task = SmsSpam()
    try:
        task.load()
    except DataError as error:
        pytest.skip(f"the data are not on this machine: {error}")
    return task


def rows(task, split):
    messages = getattr(task.load(), split)
    words = np.array(task.load().vocabulary)
    return [tuple(words[line[:size]]) for line, size in zip(messages.words, messages.sizes, strict=True)]


def test_words_are_letters_in_lower_case():
    assert sms.tokenized("FREE!! Don't text 08-now, U2_x: Ünï £5") == ["free", "dont", "text", "now", "ux", "ünï"]
    assert sms.tokenized("645 :-)") == []


def test_messages_that_look_alike_stay_on_one_side(small):
    task = SmsSpam(path=small, seen=3, length=4)
    seen = {split: set(rows(task, split)) for split in SPLITS}
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        assert not seen[one] & seen[other]
    assert sum(len(rows(task, split)) for split in SPLITS) == 300
    leaky = SmsSpam(path=small, seen=3, length=4, copies="anywhere")
    assert set(rows(leaky, "train")) & set(rows(leaky, "test"))


def test_held_out_messages_add_no_word(tmp_path):
    lines = [
        f"{'spam' if k % 3 else 'ham'}\t{' '.join(['all'] * (k % 5 + 1))} w{'abcdefghij'[k % 10] * (k + 1)}"
        for k in range(60)
    ]
    task = SmsSpam(path=corpus(tmp_path, lines), seen=1)
    train = {word for row in rows(task, "train") for word in row}
    assert set(task.load().vocabulary) == train | {sms.UNKNOWN}
    both = SmsSpam(path=str(tmp_path), seen=1, vocabulary="all")
    assert len(both.load().vocabulary) == 1 + len({w for line in lines for w in sms.tokenized(line.partition("\t")[2])})


def test_what_is_behind_a_message_does_not_matter(small):
    task = SmsSpam(path=small, seen=3)
    batch = next(task.examples("test", 30))
    outputs = np.random.default_rng(0).normal(size=(25, 30, 2))
    told = task.score(jnp.asarray(outputs), batch)
    at = task.load().test.sizes[:30] - 1
    assert len(set(at)) > 3
    classes = task.load().test.spam[:30]
    logits = outputs[at, np.arange(30)]
    assert float(told["accuracy"]) == pytest.approx((logits.argmax(axis=1) == classes).mean())
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert float(told["loss"]) == pytest.approx(-np.log(p[np.arange(30), classes]).mean(), rel=1e-5)
    outputs[np.arange(25)[:, None] > at] = 1e3
    assert float(task.loss(jnp.asarray(outputs), batch)) == pytest.approx(float(told["loss"]), rel=1e-6)


def test_balanced_accuracy_and_f1_of_a_whole_split(small):
    task = SmsSpam(path=small, seen=3)
    batch = next(task.examples("test", 1000))
    classes = np.asarray(batch.targets.max(axis=0))
    called = np.random.default_rng(0).integers(0, 2, len(classes))
    outputs = jnp.broadcast_to(jnp.asarray(np.stack([1 - called, called], axis=1), float), (25, len(classes), 2))
    told = task.from_means({k: float(v) for k, v in task.score(outputs, batch).items()})
    assert set(told) == {"accuracy", "balanced_accuracy", "f1", "loss"}
    hits = [(called[classes == k] == k).mean() for k in (0, 1)]
    assert told["balanced_accuracy"] == pytest.approx(np.mean(hits))
    precision = classes[called == 1].mean()
    assert told["f1"] == pytest.approx(2 * precision * hits[1] / (precision + hits[1]))


def test_two_softmaxes_have_a_floor(small):
    task, once = SmsSpam(path=small, seen=3, softmax="twice"), SmsSpam(path=small, seen=3)
    batch = next(task.examples("test", 9))
    sure = 1e3 * (batch.targets.max(axis=0)[:, None] == jnp.arange(2))
    sure = jnp.broadcast_to(sure.astype(float), (25, 9, 2))
    assert float(task.loss(sure, batch)) == pytest.approx(math.log(1 + math.exp(-1)))
    assert float(once.loss(sure, batch)) == 0
    assert task.score(sure, batch)["accuracy"] == once.score(sure, batch)["accuracy"] == 1


def test_the_class_read_at_the_last_step(small):
    task = SmsSpam(path=small, vocabulary="all", copies="anywhere", read="last step", softmax="twice")
    targets = np.asarray(next(task.examples("test", 50)).targets)
    assert (targets[:-1] == -1).all()
    assert set(targets[-1]) == {0, 1}
    assert "as published, not comparable: vocabulary, copies, read, softmax" in task.describe()
    assert "published" not in SmsSpam(path=small).describe()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["ham\thello", "eggs\thello"], "line 2: expected ham or spam, a tab and the message"),
        (["ham hello"], "line 1: expected ham or spam"),
        ([f"ham\t{'a' * (k + 1)}" for k in range(50)], "no messages of both classes"),
    ],
)
def test_files_that_are_something_else(tmp_path, lines, message):
    with pytest.raises(DataError, match=message):
        SmsSpam(path=corpus(tmp_path, lines)).load()


def test_missing_data_say_how_to_get_them(tmp_path):
    with pytest.raises(DataError, match="sparsernn data fetch sms_spam"):
        SmsSpam(path=str(tmp_path)).load()
    with pytest.raises(SpecError) as caught:
        SmsSpam(length=0, split=(0.5, 0.5, 0.5))
    assert len(caught.value.problems) == 2


def test_a_network_learns_the_word(small, tmp_path):
    spec = {
        "task": {"sms": {"path": small, "seen": 3, "length": 10}}, "network": {"cells": [{"rnn": {"hidden": 12}}],
        "embedding": 8}, "batch": 32, "epochs": 2, "updates_per_epoch": 60, "measures": ["score"],
        "optimizer": {"adam": {"learning_rate": 2e-2, "clip_value": 1.0}},
    }  # fmt: skip
    found = run(read_spec(spec), tmp_path / "runs").measures()["score"]["test"]
    assert found["balanced_accuracy"] > 0.9
    assert found["reference: accuracy of naive Bayes"] > 0.8


@pytest.mark.data
def test_the_published_collection(published):
    everything = SmsSpam(vocabulary="all", seen=11)
    assert len(everything.load().vocabulary) == 1 + 933, "the published number of words"
    assert sum(len(rows(published, split)) for split in SPLITS) == 5_574
    assert sum(int(getattr(published.load(), split).spam.sum()) for split in SPLITS) == 747
    assert len(published.load().test.spam) == pytest.approx(0.2 * 5_574, abs=5)
    assert published.reference()["accuracy of naive Bayes"] > 0.97
