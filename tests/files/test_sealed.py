"""JSON whose content has a hash inside."""

import random

import pytest

from sparsernn.errors import DataError, Undefined
from sparsernn.files import sealed

VALUE = {"run": "0f", "n": 3, "x": [0.1, 1e300, -0.0], "why": "ü", "none": Undefined("no data"), "deep": {"a": None}}


def test_round_trip():
    raw = sealed.dump("x.json", VALUE)
    found = sealed.parse(raw, "x.json")
    assert found == VALUE
    assert isinstance(found["none"], Undefined)
    assert sealed.dump("x.json", dict(reversed(VALUE.items()))) != raw
    assert sealed.parse(sealed.dump("x.json", dict(reversed(VALUE.items()))), "x.json") == VALUE


def test_no_flipped_bit_gives_another_value():
    raw, chance, refused = sealed.dump("x.json", VALUE), random.Random(1), 0
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ (1 << chance.randrange(8))]) + raw[place + 1 :]
        try:
            assert sealed.parse(changed, "x.json") == VALUE, place  # white space
        except DataError:
            refused += 1
    assert refused > 0.8 * len(raw)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"3", b"{}", b'{"sha256": "0"}', b'{"a": 1}', b"\xff"])
def test_what_is_not_sealed(raw):
    with pytest.raises(DataError, match=r"x\.json"):
        sealed.parse(raw, "x.json")
