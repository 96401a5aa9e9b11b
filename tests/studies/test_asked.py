"""The same command again finds what it led to, and nothing else does."""

import numpy as np
import pytest

from sparsernn.studies import asked as room
from sparsernn.studies.asked import asked, keep
from sparsernn.studies.place import claimed
from sparsernn.studies.recording import Wish


@pytest.fixture
def kept(tmp_path):
    """(wish, directory) after a first command."""
    np.save(tmp_path / "x.npy", np.stack([np.sin(0.1 * np.arange(900)), np.cos(0.1 * np.arange(900))], axis=1))
    wish, out = Wish(str(tmp_path / "x.npy"), epochs=3), tmp_path / "out"
    found = asked(wish, out)
    assert not found.known
    with claimed(out, found.wanted):
        keep(found, wish, out)
    return wish, out


def test_the_same_wish_is_not_worked_out_again(kept, monkeypatch):
    wish, out = kept
    first = room.specs(wish)
    monkeypatch.setattr(room, "specs", None)
    again = asked(wish, out)
    assert again.known
    assert (again.wanted, again.notes) == first


@pytest.mark.parametrize("what", ["wish", "data", "damage", "version"])
def test_anything_else_is(kept, what, monkeypatch):
    wish, out = kept
    place = out / "runs" / "asked.json"
    if what == "wish":
        wish = Wish(wish.source, epochs=4)
    elif what == "data":
        np.save(wish.source, 2 * np.load(wish.source))
    elif what == "version":
        monkeypatch.setattr(room, "library_versions", lambda: {"sparsernn": "0"})
    else:
        place.write_bytes(place.read_bytes().replace(b'"epochs": 3', b'"epochs": 9'))
    found = asked(wish, out)
    assert not found.known
    assert found.wanted[0].epochs == wish.epochs


def test_a_command_that_fails_leaves_nothing_of_it(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(900, 2)))
    wish, out = Wish(str(tmp_path / "x.npy")), tmp_path / "out"
    found = asked(wish, out)

    def fail():
        with claimed(out, found.wanted):
            keep(found, wish, out)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not out.exists()
