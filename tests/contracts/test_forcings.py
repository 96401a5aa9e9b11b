"""The contract of a forcing, over its registry."""

import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.forcings import FORCINGS
from sparsernn.forcings.base import AbstractForcing
from sparsernn.forcings.generalized import Generalized
from sparsernn.forcings.sparse_identity import SparseIdentity
from sparsernn.operands import join, split
from sparsernn.spec import build, plain
from sparsernn.tasks.base import Batch
from sparsernn.training.forcing import plan


@pytest.fixture(params=FORCINGS)
def forcing(request):
    return build(AbstractForcing, request.param)


def test_round_trips(forcing):
    again = build(AbstractForcing, plain(forcing))
    assert again == forcing
    assert hash(again) == hash(forcing)
    assert join(*split(forcing)) == forcing


def test_forcings_lie_between_nothing_and_everything(forcing):
    alphas = np.asarray(forcing.alphas(40))
    assert alphas.shape == (40,)
    assert ((alphas >= 0) & (alphas <= 1)).all()
    assert alphas.max() > 0
    np.testing.assert_array_equal(forcing.alphas(25).shape, (25,))
    np.testing.assert_array_equal(forcing.alphas(40), alphas)


def test_sparse_identity_and_generalized():
    np.testing.assert_array_equal(SparseIdentity(3).alphas(7), [0, 0, 1, 0, 0, 1, 0])
    np.testing.assert_array_equal(SparseIdentity(1).alphas(3), [1, 1, 1])
    np.testing.assert_allclose(Generalized(0.2).alphas(3), [0.2] * 3, rtol=1e-6)
    for wrong in (lambda: SparseIdentity(0), lambda: Generalized(1.5), lambda: Generalized(-0.1)):
        with pytest.raises(SpecError):
            wrong()


def test_plan_signals_the_targets():
    batch = Batch(None, jnp.arange(24.0).reshape(4, 3, 2), None)
    signal, alpha = plan(SparseIdentity(2), batch)
    np.testing.assert_array_equal(signal, batch.targets)
    np.testing.assert_array_equal(alpha, [0, 1, 0, 1])
    np.testing.assert_array_equal(plan(None, batch).alpha, [0, 0, 0, 0])
