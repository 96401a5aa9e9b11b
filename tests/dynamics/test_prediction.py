import numpy as np
import pytest

from sparsernn.dynamics.prediction import prediction_error
from sparsernn.errors import SpecError


def test_error_per_horizon_on_paper():
    true = np.zeros((2, 3, 2))
    predicted = np.array([[[0, 0], [1, 1], [2, 0]], [[0, 0], [1, 3], [0, 0]]], float)
    np.testing.assert_allclose(prediction_error(predicted, true), [0.0, 12 / 4, 4 / 4])


@pytest.mark.parametrize("lost", [np.nan, np.inf, 1e300])
def test_escaped_predictions_are_infinitely_wrong(lost):
    predicted = np.zeros((2, 3, 1))
    predicted[1, 2] = lost
    np.testing.assert_array_equal(prediction_error(predicted, np.zeros((2, 3, 1))), [0, 0, np.inf])


def test_shapes_are_checked():
    with pytest.raises(SpecError, match=r"\(starts, horizon, N\)"):
        prediction_error(np.zeros((2, 3)), np.zeros((2, 3)))
    with pytest.raises(SpecError):
        prediction_error(np.zeros((2, 3, 1)), np.zeros((2, 4, 1)))
