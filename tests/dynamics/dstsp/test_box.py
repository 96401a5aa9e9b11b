import numpy as np
import pytest

from sparsernn.dynamics.dstsp.box import Leaving, box_of, checked_chunk, checked_reference, count_inside
from sparsernn.errors import DataError, SpecError


def test_boxes_on_paper():
    values = np.array([[0.0, 10.0], [1.0, 12.0], [2.0, 14.0]])  # sd 1 and 2
    low, high = box_of(values, "range")
    np.testing.assert_allclose([low, high], [[-0.1, 9.8], [2.1, 14.2]])
    low, high = box_of(values, "legacy")
    np.testing.assert_allclose([low, high], [[-1.0, 8.0], [3.0, 16.0]])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(5), "shape"),
        (np.zeros((1, 2)), "at least 2 rows"),
        ([[0.0, 1.0], [1.0, np.nan], [2.0, 3.0]], "first in row 1, column 1"),
        ([[0.0, 1.0], [1.0, np.inf], [2.0, 3.0]], "first in row 1, column 1"),
        ([[0.0, 1.0, 2.0], [0.0, 2.0, 2.0]], "column 0, 2 .* constant"),
    ],
)
def test_unusable_references_are_refused(values, message):
    with pytest.raises(DataError, match=message):
        checked_reference(values)


def test_reference_keeps_its_precision():
    assert checked_reference(np.array([[0], [1]])).dtype == np.float64
    assert checked_reference(np.array([[0], [1]], np.float32)).dtype == np.float32


def test_chunk_must_fit():
    with pytest.raises(SpecError, match="3 runs"):
        checked_chunk(np.zeros((5, 2, 3)), runs=3, dim=3)
    assert checked_chunk(np.zeros((3, 5, 2)).transpose(1, 0, 2), runs=3, dim=2).flags.c_contiguous


def test_count_inside():
    chunk = np.array([[[0.0, 0.0], [1.0, 0.5]], [[0.5, np.nan], [np.inf, 0.0]], [[0.9, 0.9], [-1e-9, 0.0]]])
    inside = np.zeros(2, np.int64)
    leaving = Leaving(2, np.zeros(2), np.ones(2))
    count_inside(chunk, np.zeros(2), np.ones(2), inside, leaving.last_inside, 7)
    leaving.note(chunk)
    assert inside.tolist() == [2, 0]
    assert leaving.last_inside.tolist() == [9, -1]
    assert leaving.gone(10).tolist() == [False, True]


@pytest.mark.parametrize(("far", "rows", "gone"), [(10.0, 25, True), (10.0, 15, False), (1.5, 25, False)])
def test_who_goes_far_has_left_however_late(far, rows, gone):
    """25 of 1,000 rows are less than a twentieth; 15 may be an excursion, and so may what stays near the box."""
    run = np.full((1000, 1, 2), 0.5)
    run[-rows:] = far
    for size in (1000, 7):
        inside, leaving = np.zeros(1, np.int64), Leaving(1, np.zeros(2), np.ones(2))
        for begin in range(0, 1000, size):
            chunk = np.ascontiguousarray(run[begin : begin + size])
            count_inside(chunk, np.zeros(2), np.ones(2), inside, leaving.last_inside, begin)
            leaving.note(chunk)
        assert leaving.gone(1000).tolist() == [gone]
        leaving.close(1000)
        chunk = np.full((40, 1, 2), 0.5)
        count_inside(chunk, np.zeros(2), np.ones(2), inside, leaving.last_inside, 1000)
        leaving.note(chunk)
        assert leaving.gone(1040).tolist() == [False]
