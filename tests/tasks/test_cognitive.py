"""The engine against trials written out by hand, and against neurogym's (stored, see make_cognitive_references)."""

import json
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.report.figures import trials as figure
from sparsernn.spec import build, plain
from sparsernn.studies.trials import write_trials
from sparsernn.tasks.adding import Adding
from sparsernn.tasks.base import AbstractTask
from sparsernn.tasks.cognitive import activity
from sparsernn.tasks.cognitive.cognitive import NAMES, Cognitive
from sparsernn.tasks.cognitive.drawing import Trials, answers, draw, uniforms
from sparsernn.tasks.cognitive.entries import RULES
from sparsernn.tasks.cognitive.performance import direction, judge
from sparsernn.tasks.cognitive.rule import Between, longest
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec

REFERENCE = np.load(Path(__file__).parents[1] / "fixtures" / "cognitive.npz")
ABOUT = json.loads(str(REFERENCE["about"]))
each_task = pytest.mark.parametrize("name", NAMES)


def drawn(name, n=400, dt=20, seed=0):
    u = np.random.default_rng([seed, NAMES.index(name)]).random((n, uniforms(dt)))
    return draw(np.full(n, NAMES.index(name)), u, dt)


# ------------------------------------------------------------------------------------------------- beside neurogym


@each_task
def test_answers_and_rings_are_neurogyms(name):
    """But for two quirks: in its category tasks a sample at exactly 180 degrees is of one category, a test there of the
    other; and its two rings can make two stimuli equally strong, of which one is drawn."""
    places, strengths = REFERENCE[f"{name}/places"], REFERENCE[f"{name}/strengths"]
    responds, answer = answers(np.full(len(places), NAMES.index(name)), places, strengths, 20)
    agree = ~np.isclose(places[:, 0], np.pi) if name in ("dmc", "dnmc") else np.full(len(places), True)
    if "multsen" in name:
        agree = np.abs(np.diff(strengths.sum(axis=2), axis=1))[:, 0] > 1e-9
    wanted = REFERENCE[f"{name}/answer"]
    assert agree.sum() >= 8
    assert (responds == (wanted >= 0))[agree].all()
    np.testing.assert_allclose(answer[responds & agree], wanted[responds & agree], atol=1e-9)

    bumps = activity.bump(places, 32, np)[:, :, None, :] * strengths[..., None]
    together = RULES[name].second is None or RULES[name].first == RULES[name].second
    bumps = bumps.sum(axis=1, keepdims=True) if together else bumps
    np.testing.assert_allclose(
        np.broadcast_to(bumps, REFERENCE[f"{name}/shown"].shape), REFERENCE[f"{name}/shown"], atol=1e-6
    )


@each_task
def test_epochs_are_neurogyms_but_for_the_known_differences(name):
    """neurogym has no wait after the second stimulus and lets the answer to a test be given after it; its fixation
    input goes off after the first epoch of tasks with two stimuli, and with the stimulus of the reaction tasks."""
    theirs, rule = ABOUT["epochs"][name], RULES[name]
    ours = len(rule.epochs)
    known = {"dly_dm": -1, "dms": 1, "dnms": 1, "dmc": 1, "dnmc": 1}
    kind = "dly_dm" if "dly_dm" in name else name
    assert len(theirs) == ours + known.get(kind, 0)
    trials = drawn(name, 5)
    on = [(trials.edges[:, i] < trials.release).all() for i in range(ours)]
    if name in ("go", "dly_go", "anti", "dly_anti"):
        assert on == list(theirs.values())
    else:
        assert list(theirs.values()) == [True] + [False] * (len(theirs) - 1)
        assert on == [True] * (ours if not rule.released else ours - 1) + [False] * rule.released


# --------------------------------------------------------------------------------------------------- what is drawn


PAPER = {
    "go": [(300, 700), (500, 1500), {500}],
    "rt_go": [(500, 2500), {500}],
    "dly_go": [{300, 500, 700}, {200, 400, 600}, {200, 400, 800, 1600}, {500}],
    "dm_1": [(100, 400), {400, 800, 1600}, {500}],
    "dly_dm_1": [{200, 400, 600}, {200, 400, 600}, {200, 400, 800, 1600}, {200, 400, 600}, (100, 300), {500}],
    "dms": [{200, 400, 600}, {200, 400, 600}, {200, 400, 800, 1600}, {500}],
    "dmc": [{200, 400, 600}, {200, 400, 600}, {200, 400, 800, 1600}, {200, 400, 600}],
}
LIKE = {
    "anti": "go", "rt_anti": "rt_go", "dly_anti": "dly_go", "dm_2": "dm_1", "ctx_dm_1": "dm_1", "ctx_dm_2": "dm_1",
    "multsen_dm": "dm_1", "dly_dm_2": "dly_dm_1", "ctx_dly_dm_1": "dly_dm_1", "ctx_dly_dm_2": "dly_dm_1",
    "multsen_dly_dm": "dly_dm_1", "dnms": "dms", "dnmc": "dmc",
}  # fmt: skip


@each_task
def test_durations_are_those_of_the_paper(name):
    trials = drawn(name)
    lasts = np.diff(trials.edges, axis=1) * 20
    wanted = PAPER[LIKE.get(name, name)]
    for column, allowed in enumerate(wanted):
        seen = lasts[:, column]
        if isinstance(allowed, set):
            assert set(seen) == allowed
            assert min(np.unique(seen, return_counts=True)[1]) > 0.6 * 400 / len(allowed)
        else:
            low, high = allowed
            assert low <= seen.min() <= low + 60
            assert high - 60 <= seen.max() < high
    assert (lasts[:, len(wanted) :] == 0).all()
    assert trials.end.max() <= longest(RULES[name], 20)
    np.testing.assert_array_equal(trials.end * 20, lasts.sum(axis=1))


def by_hand(name, places, strengths):
    """The answer of one trial, in plain words; None: keep fixating."""
    first, second = places
    if name in ("go", "rt_go", "dly_go"):
        return first
    if "anti" in name:
        return (first + np.pi) % (2 * np.pi)
    if name in ("dms", "dnms"):
        return second if (first == second) == (name == "dms") else None
    if name in ("dmc", "dnmc"):
        return second if ((first < np.pi) == (second < np.pi)) == (name == "dmc") else None
    counted = strengths.sum(axis=1) if "multsen" in name else strengths[:, int(name[-1]) - 1]
    return first if counted[0] > counted[1] else second


@each_task
def test_places_strengths_and_answers(name):
    trials = drawn(name)
    for i in range(200):
        wanted = by_hand(name, trials.places[i], trials.strengths[i])
        assert trials.responds[i] == (wanted is not None)
        assert trials.answer[i] == (0 if wanted is None else wanted)
    first, second = trials.places.T
    apart = np.degrees(np.abs((first - second + np.pi) % (2 * np.pi) - np.pi))
    shares = np.histogram(first, bins=5, range=(0, 2 * np.pi))[0] / len(first)
    assert shares.min() > 0.12
    one = trials.strengths[:, 0].sum(axis=1)
    if "dm_" in name or "_dm" in name:
        assert apart.min() >= 90 - 1e-6
        contrast = (0.08, 0.16, 0.32) if "dly" in name else (0.01, 0.02, 0.04, 0.08)
        total = trials.strengths.sum(axis=2) / 2 if "multsen" in name else trials.strengths
        used = np.array([[True, True]]) if "ctx" in name else np.array([[name[-1] == "1", name[-1] == "2"]])
        half = (total[:, 0] - total[:, 1]) / 2
        half = half[:, None] if "multsen" in name else half[:, used[0]]
        assert set(np.round(np.abs(half), 9).ravel()) == set(contrast)
        assert 0.4 < (half > 0).mean() < 0.6
        mean = total.mean(axis=1)
        mean = mean[:, None] if "multsen" in name else mean[:, used[0]]
        assert 0.8 <= mean.min() < 0.82
        assert 1.18 < mean.max() < 1.2
        if "ctx" in name:  # the other ring says nothing
            assert abs(np.corrcoef(half[:, 0] > 0, half[:, 1] > 0)[0, 1]) < 0.15
        if "multsen" in name:  # one ring alone misleads, least where contrasts are large
            alone = trials.strengths[:, 0, 0] > trials.strengths[:, 1, 0]
            assert 0.4 < (alone == (half[:, 0] > 0)).mean() < (0.9 if "dly" in name else 0.65)
    else:
        assert (one == 1).all()
        assert 0.4 < trials.strengths[:, 0, 0].mean() < 0.6
        assert (trials.off[:, 1] > trials.on[:, 1]).all() == (RULES[name].second is not None)
    if name in ("dms", "dnms"):
        assert 0.4 < (first == second).mean() < 0.6
        assert apart[first != second].min() >= 20 - 1e-6
    if name in ("dmc", "dnmc"):
        assert set(np.round(np.degrees(first)).astype(int)) == set(range(18, 360, 36))


def test_the_drawing_is_the_same_in_both_array_libraries():
    rule = np.arange(60) % 20
    u = np.random.default_rng(3).random((60, uniforms(100)), dtype=np.float32)
    for name, here, there in zip(
        Trials._fields, draw(rule, u, 100), jax.jit(lambda r, v: draw(r, v, 100, jnp))(rule, u), strict=True
    ):
        np.testing.assert_allclose(np.asarray(there, float), here, atol=1e-5, err_msg=name)


# -------------------------------------------------------------------------------------- what the network reads and owes


@pytest.mark.parametrize("name", ["rt_anti", "ctx_dm_2", "dly_dm_1", "dnmc"])
def test_a_trial_written_out_step_by_step(name):
    task = Cognitive((name,), units=12, dt=50, noise=0.0, held_out=3)
    trials, batch = task.trials("test"), next(task.examples("test", 3))
    rule = RULES[name]
    preferred = np.arange(12) * 2 * np.pi / 12
    for i in range(3):
        edges = dict(zip([*rule.epochs, "end"], trials.edges[i], strict=False))
        names, go = list(rule.epochs), trials.edges[i][len(rule.epochs) - 1]

        def bump(place):
            away = np.abs(np.angle(np.exp(1j * (preferred - place))))
            return 0.8 * np.exp(-0.5 * (away / (np.pi / 8)) ** 2)

        for t in range(task.steps):
            inside = t < trials.end[i]
            given, wanted = np.zeros(1 + 24 + 20), np.zeros(13)
            given[0] = inside and (t < go or not rule.released)
            for s, shown in enumerate((rule.first, rule.second)):
                if shown is None:
                    continue
                begin = edges[shown.begin]
                end = trials.edges[i][names.index(shown.end) + 1]
                if begin <= t < end:
                    for r in range(2):
                        given[1 + 12 * r : 13 + 12 * r] += trials.strengths[i, s, r] * bump(trials.places[i, s])
            given[25 + NAMES.index(name)] = inside
            np.testing.assert_allclose(batch.inputs[t, i], given, atol=2e-6)
            answers_now = t >= go and trials.responds[i]
            wanted[0], wanted[1:] = (0.05 if answers_now else 0.85), 0.05
            wanted[1:] += bump(trials.answer[i]) if answers_now else 0
            weight = 0 if t < 2 or go <= t < go + 2 or not inside else 5 if t >= go + 2 else 1
            np.testing.assert_allclose(batch.targets[t, i, :13], wanted, atol=2e-6)
            assert batch.targets[t, i, 13] == weight
            assert batch.targets[t, i, 14] == NAMES.index(name)


def test_the_noise():
    """sd .01 sqrt(2 / .2) at 20 ms; none after the end; another in every trial; that of a held-out trial stays."""
    loud, quiet = (next(Cognitive(("go",), held_out=4, noise=n).examples("test", 4)).inputs for n in (0.01, 0.0))
    task = Cognitive(("go",), held_out=4)
    added = np.asarray(loud - quiet)
    for i, end in enumerate(task.trials("test").end):
        assert (added[end:, i] == 0).all()
        assert np.std(added[:end, i]) == pytest.approx(0.01 * 10**0.5, rel=0.03)
    assert abs(np.corrcoef(added[:40, 0].ravel(), added[:40, 1].ravel())[0, 1]) < 0.08
    (part,) = [b for k, b in enumerate(task.examples("test", 3)) if k == 1]
    np.testing.assert_array_equal(part.inputs[:, 0], loud[:, 3])


def test_training_trials_are_new_and_context_is_drawn_more_often():
    task = Cognitive(("go", "ctx_dm_1", "dms"), units=8, dt=100, context=5.0)
    one, other = (task.batch(None, jax.random.key(k), 700) for k in (0, 1))
    assert not np.array_equal(one.inputs, other.inputs)
    seen = np.bincount(np.asarray(one.targets[0, :, -1]).astype(int), minlength=20) / 700
    np.testing.assert_allclose(seen[[0, 8, 16]], [1 / 7, 5 / 7, 1 / 7], atol=0.05)
    assert seen.sum() == pytest.approx(1)


# -------------------------------------------------------------------------------------------------------- performance


def perfect(batch):
    return np.array(batch.targets[..., :-2])


def turned(outputs, degrees, trials, units):
    """Answers beside the right direction."""
    made = outputs.copy()
    for i in np.flatnonzero(trials.responds):
        ring = 0.05 + activity.bump(
            trials.answer[i] + np.radians(degrees) - 2 * np.pi * (trials.answer[i] > 4), units, np
        )
        made[trials.go[i] :, i, 1:] = ring
    return made


def test_what_counts_as_right():
    task = Cognitive(("dly_go", "dms", "dnms"), units=16, dt=100, noise=0.0, held_out=8)
    batch, trials = next(task.examples("test", 24)), task.trials("test")
    score = lambda outputs: {k: float(v) for k, v in task.score(jnp.asarray(outputs), batch).items()}
    good = perfect(batch)
    assert score(good)["performance"] == 1
    assert score(good)["loss"] == pytest.approx(0, abs=1e-9)
    away = 1 - trials.responds.mean()
    assert score(turned(good, 34, trials, 16))["performance"] == 1
    assert score(turned(good, 38, trials, 16))["performance"] == pytest.approx(away)
    assert score(turned(good, -38, trials, 16))["performance"] == pytest.approx(away)

    broken = good.copy()
    broken[3, :, 0] = 0.4  # once, in the middle, in every trial
    found = score(broken)
    assert (found["performance"], found["performance_at_end"], found["fixation"]) == (0, 1, 0)
    early = good.copy()
    early[0, :, 0] = 0.0  # in the first 100 ms nothing is asked
    assert score(early)["performance"] == 1
    never = np.full_like(good, 0.05)
    never[..., 0] = 0.85
    assert score(never)["performance"] == pytest.approx(task.reference()["performance of never answering"]) == away
    late = good.copy()
    for i, end in enumerate(trials.end):  # what comes after the end is of no matter
        late[end:, i] = 7.0
    assert score(late) == pytest.approx(score(good))


def test_performance_by_rule_is_the_mean_over_its_trials():
    task = Cognitive(("go", "anti", "dmc"), units=8, dt=100, held_out=7)
    rng = np.random.default_rng(0)
    sums, right, rule = {}, [], []
    for batch in task.examples("test", 8):
        outputs = perfect(batch)
        wrong = rng.random(outputs.shape[1]) < 0.5
        outputs[:, wrong, 0] = 0.3
        for key, value in task.score(jnp.asarray(outputs), batch).items():
            sums[key] = sums.get(key, 0.0) + float(value) * outputs.shape[1] / 21
        right += list(~wrong)
        rule += list(np.asarray(batch.targets[0, :, -1]).astype(int))
    for name in task.tasks:
        own = np.array(rule) == NAMES.index(name)
        assert own.sum() == 7
        assert sums[f"performance_{name}"] == pytest.approx(np.array(right)[own].mean())
    assert sums["performance"] == pytest.approx(np.mean(right))
    assert task.better.keys() == sums.keys()


def test_the_loss_is_a_weighted_mean_over_each_trials_own_steps():
    task = Cognitive(("dly_anti", "dnms"), units=8, dt=100, held_out=2)
    batch, trials = next(task.examples("test", 4)), task.trials("test")
    outputs = np.random.default_rng(1).normal(size=(task.steps, 4, 9))
    costs = []
    for i in range(4):
        total = 0.0
        for t in range(trials.end[i]):
            for k in range(9):
                weight = float(batch.targets[t, i, -2]) * (2 if k == 0 else 1)
                total += weight * (outputs[t, i, k] - float(batch.targets[t, i, k])) ** 2
        costs.append(total / (trials.end[i] * 9))
    assert float(task.loss(jnp.asarray(outputs), batch)) == pytest.approx(np.mean(costs), rel=1e-5)


@pytest.mark.parametrize("units", [8, 9, 32])
def test_the_population_vector_reads_a_bump(units):
    """With eight units to within a degree and a half; the paper's 32 leave nothing."""
    places = np.linspace(0, 2 * np.pi, 97)[:-1]
    read = np.asarray(direction(jnp.asarray(0.05 + activity.bump(places, units, np))))
    error = np.degrees(np.abs(np.angle(np.exp(1j * (read - places)))))
    assert error.max() < (0.01 if units == 32 else 1.5)


def test_references_are_what_they_say():
    task = Cognitive(("go", "dm_1", "dms"), units=8, dt=100, held_out=40)
    found, trials = task.reference(), task.trials("test")
    batch = next(task.examples("test", 200))
    last = perfect(batch)
    for i in range(len(trials.rule)):
        place = trials.places[i, 1 if NAMES[trials.rule[i]] == "dms" else 0]  # of two at once, the first
        last[trials.go[i] :, i, 0], last[trials.go[i] :, i, 1:] = 0.05, 0.05 + activity.bump(place, 8, np)
    at_end, _ = judge(jnp.asarray(last), batch.targets)
    assert found["performance of the last stimulus' direction"] == pytest.approx(float(at_end.mean()))
    constants = np.linspace(0, 0.3, 5)
    losses = [float(task.loss(jnp.full((task.steps, 120, 9), c), batch)) for c in constants]
    assert found["loss of the best constants"] < min(losses)


# --------------------------------------------------------------------------------------------------------- the member


def test_sizes_names_and_plain_form():
    everything = Cognitive()
    assert (everything.inputs, everything.outputs, everything.steps) == (85, 33, 209)
    assert len(NAMES) == len({rule.title for rule in RULES.values()}) == 20
    task = build(AbstractTask, {"cognitive": {"tasks": ["go", "anti"]}})
    assert build(AbstractTask, plain(task)) == task
    assert task.inputs == 85, "a rule keeps its input, so that networks can go on with other rules"
    assert "Go, Anti" in task.describe()
    times = [
        d for r in RULES.values() for v in r.epochs.values() for d in (v if isinstance(v, Between | tuple) else (v,))
    ]
    assert all(ms % 100 == 0 for ms in times)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tasks": ["go", "ant"]}, 'no cognitive task "ant", did you mean "anti"'),
        ({"tasks": []}, "name at least one"),
        ({"tasks": ["go", "go"]}, "once"),
        ({"dt": 30}, "dt must divide 100"),
        ({"dt": 0}, "dt must divide 100"),
        ({"units": 4}, "units must be at least 8"),
        ({"tasks": ["go"], "length": 50}, "trials of Go have up to 133 steps of 20 ms"),
        ({"noise": -1}, "noise must not be negative"),
        ({"tau": 0}, "tau must be positive"),
        ({"held_out": 0}, "held_out must be at least 1"),
        ({"seed": -1}, "seed must lie"),
        ({"rules": ["go"]}, "unknown field"),
    ],
)
def test_bad_input(fields, said):
    with pytest.raises(SpecError, match=re.escape(said)):
        build(AbstractTask, {"cognitive": fields})


def test_all_problems_at_once():
    with pytest.raises(SpecError) as caught:
        build(AbstractTask, {"cognitive": {"tasks": ["dsm"], "dt": 7, "units": 2, "length": 3}})
    assert len(caught.value.problems) == 3


def test_a_longer_batch_only_pads():
    short, long = (Cognitive(("rt_go",), dt=100, held_out=3, length=n) for n in (None, 60))
    a, b = (next(t.examples("test", 3)) for t in (short, long))
    assert b.inputs.shape[0] == 60
    np.testing.assert_array_equal(b.inputs[: short.steps], a.inputs)
    assert (np.asarray(b.inputs[short.steps :]) == 0).all()
    outputs = np.random.default_rng(0).normal(size=(60, 3, 33))
    assert float(long.loss(jnp.asarray(outputs), b)) == pytest.approx(
        float(short.loss(jnp.asarray(outputs[: short.steps]), a))
    )


# ----------------------------------------------------------------------------------------------------------- the page


def test_pictures_show_each_task_up_to_its_end():
    task = Cognitive(("go", "dnmc"), units=8, dt=100, held_out=5)
    found = task.pictures("validation", 3)
    assert [p.group for p in found] == ["Go"] * 3 + ["DNMC"] * 3
    trials = task.trials("validation")
    one = found[1]
    row = 2  # the second trial of Go
    assert len(one.weight) == trials.end[row] == one.epochs[-1].end
    assert [b.name for b in one.read] == ["fixation", "ring 1", "ring 2", "rule"]
    assert [e.name for e in one.epochs] == list(RULES["go"].epochs)
    drawn_ = figure.numbers(found[:3])
    assert len(drawn_.columns) == 3
    assert drawn_.low == 0
    image = drawn_.columns[0].read.values
    assert image.shape == (figure.SINGLE + 8 + 8 + 20 + 3 * figure.GAP, trials.end[0])
    np.testing.assert_array_equal(image[figure.SINGLE + figure.GAP :][:8].T, found[0].read[1].values)


def test_the_page(tmp_path):
    page = write_trials(Cognitive(("rt_go",), units=8, dt=100, held_out=5), tmp_path / "page.html", count=1)
    text = page.path.read_text()
    assert "<h2>RT Go</h2>" in text
    assert "performance of never answering" in text


def test_any_task_of_numbers_can_be_drawn():
    (one,) = Adding(length=6, held_out=4).pictures("validation", 1)
    assert one.read[0].values.shape == (6, 2)
    assert "wanted" in one.title
    assert figure.draw(figure.numbers([one])).data


def test_a_small_network_learns_go_and_anti(tmp_path):
    """32 tanh units, 200 updates; going to the stimulus would be right in one half of the trials."""
    record = run(
        read_spec(
            {
                "task": {"cognitive": {"tasks": ["go", "anti"], "units": 8, "dt": 100, "held_out": 50}},
                "network": {"rnn": {"hidden": 32}},
                "optimizer": {"adam": {"learning_rate": 1e-2, "decay": "constant", "clip_norm": 1.0}},
                "epochs": 2,
                "updates_per_epoch": 100,
                "batch": 32,
                "measures": ["score"],
            }
        ),
        tmp_path,
    )
    found = record.measures()["score"]["test"]
    assert min(found["performance_go"], found["performance_anti"]) > 0.9
    assert found["reference: performance of the last stimulus' direction"] == pytest.approx(0.5, abs=0.01)
