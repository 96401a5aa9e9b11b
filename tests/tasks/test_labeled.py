import numpy as np

from sparsernn.tasks.labeled import Windows, cut, drawn, following


def test_no_window_crosses_from_one_recording_to_the_next():
    recordings = [(np.zeros((10, 2)), np.zeros(10, np.int32)), (np.ones((7, 2)), np.ones(7, np.int32))]
    windows = cut(recordings, 4, 2, "train")
    assert windows.begins.tolist() == [0, 2, 4, 6, 10, 12]
    for begin in windows.begins:
        assert len(set(windows.labels[begin : begin + 4])) == 1


def test_of_overlapping_windows_those_that_follow_one_another():
    assert following(np.array([0, 2, 4, 6, 10, 12]), 4).tolist() == [0, 4, 10]
    assert following(np.array([3, 0, 6]), 4).tolist() == [3, 0, 6], "a random draw stays whole"


def test_windows_dealt_out_at_random():
    dealt = drawn(Windows(np.zeros((99, 1)), np.zeros(99, np.int32), np.arange(40)), 1)
    assert [len(dealt[split].begins) for split in ("train", "validation", "test")] == [30, 4, 6]
    assert sorted(np.concatenate([part.begins for part in dealt.values()]).tolist()) == list(range(40))
