"""Jobs of a study: rows are kept, taken over where settings agree, and never mixed up."""

from __future__ import annotations

import pytest

from sparsernn.errors import SpecError, StoreError, Undefined
from sparsernn.studies.jobs import LINES, Job, carry_out, read_lines
from sparsernn.training.run_spec import read_spec

TINY = {"task": {"adding": {"length": 4}}, "network": {"rnn": {"hidden": 3}}, "epochs": 1, "updates_per_epoch": 2}


def quiet(*_):
    pass


def job(seed, calls, value=0.5, version=1):
    def rows(record):
        calls.append(seed)
        return [{"seed": seed, "value": value, "none": Undefined("for a reason")}, {"seed": seed, "second": True}]

    decides = {**TINY, "seed": seed}
    return Job(f"tiny/{seed}", decides, read_spec(decides), rows, version)


def test_rows_are_kept_and_the_same_call_does_nothing(tmp_path):
    calls = []
    first = carry_out([job(0, calls), job(1, calls)], tmp_path, quiet, workers=1)
    again = carry_out([job(0, calls), job(1, calls)], tmp_path, quiet, workers=1)
    assert calls == [0, 1]
    assert first == again
    assert [row["key"] for row in first] == ["tiny/0"] * 2 + ["tiny/1"] * 2
    assert isinstance(first[0]["none"], Undefined)
    read = read_lines(tmp_path / LINES)
    assert [{k: v for k, v in row.items() if k not in ("mark", "of")} for row in read] == first


def test_other_settings_or_another_version_are_done_anew(tmp_path):
    calls = []
    carry_out([job(0, calls)], tmp_path, quiet, workers=1)
    newer = carry_out([job(0, calls, value=0.7, version=2)], tmp_path, quiet, workers=1)
    assert calls == [0, 0]
    assert newer[0]["value"] == 0.7
    other = job(0, calls)._replace(decides={**TINY, "seed": 0, "epochs": 1, "batch": 16})
    carry_out([other], tmp_path, quiet, workers=1)
    assert len(calls) == 3


def test_published_rows_are_taken_over(tmp_path):
    calls = []
    made = carry_out([job(0, calls), job(1, calls)], tmp_path / "a", quiet, workers=1)
    taken = carry_out([job(0, calls), job(2, calls)], tmp_path / "b", quiet, 1, [tmp_path / "a" / LINES])
    assert calls == [0, 1, 2]
    assert taken[:2] == made[:2]
    assert not list((tmp_path / "b" / "runs").glob("*/outcome.json"))[1:], "one training, that of seed 2"


def test_damage_and_two_jobs_of_one_name_are_errors(tmp_path):
    calls = []
    carry_out([job(0, calls)], tmp_path, quiet, workers=1)
    (place,) = (tmp_path / "rows").iterdir()
    place.write_bytes(place.read_bytes().replace(b"0.5", b"0.6"))
    with pytest.raises(StoreError, match="delete"):
        carry_out([job(0, calls)], tmp_path, quiet, workers=1)
    with pytest.raises(SpecError, match="one key"):
        carry_out([job(0, calls), job(0, calls)], tmp_path, quiet)
    (tmp_path / "x.jsonl").write_text('{"key": 1}\n')
    with pytest.raises(StoreError, match="line 1"):
        read_lines(tmp_path / "x.jsonl")


def test_a_training_that_diverges_is_a_row_without_numbers(tmp_path):
    wild = {**TINY, "optimizer": {"sgd": {"learning_rate": 1e30}}, "updates_per_epoch": 20}
    (row,) = carry_out([Job("wild", wild, read_spec(wild), lambda r: 1 / 0)], tmp_path, quiet, workers=1)
    assert row["outcome"] == "diverged"
    assert row["key"] == "wild"
    assert "why" in row


def test_a_directory_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(StoreError, match="something else"):
        carry_out([job(0, [])], tmp_path, quiet)
    assert [p.name for p in tmp_path.iterdir()] == ["README.md"]
    with pytest.raises(SpecError, match="nothing is left"):
        carry_out([], tmp_path / "new", quiet)


def test_rows_taken_over_are_kept_and_half_a_job_is_refused(tmp_path):
    calls = []
    carry_out([job(0, calls)], tmp_path / "a", quiet, workers=1)
    lines = (tmp_path / "a" / LINES).read_bytes()
    taken = carry_out([job(0, calls)], tmp_path / "b", quiet, 1, [tmp_path / "a" / LINES])
    (tmp_path / "a" / LINES).unlink()
    assert carry_out([job(0, calls)], tmp_path / "b", quiet, 1) == taken
    (tmp_path / "half.jsonl").write_bytes(lines.splitlines(keepends=True)[0])
    with pytest.raises(StoreError, match="1 of 2 rows"):
        carry_out([job(0, calls)], tmp_path / "c", quiet, 1, [tmp_path / "half.jsonl"])
    assert calls == [0]
