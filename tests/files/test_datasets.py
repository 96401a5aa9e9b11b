import hashlib
import os
import re
from pathlib import Path

import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.files import datasets
from sparsernn.files.datasets import DATASETS, DataSet, RemoteFile, find, standing

TINY = DataSet("two files", "tiny", "none", "nobody", (RemoteFile("a", 3, "", ()), RemoteFile("b", 2, "", ())))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A machine without any data, and a data set of two small files."""
    monkeypatch.setitem(DATASETS, "tiny", TINY)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.delenv("SPARSERNN_DATA", raising=False)
    return tmp_path


def put(folder, a=b"aaa", b=b"bb"):
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(a)
    (folder / "b").write_bytes(b)
    return folder


def test_nowhere(home):
    with pytest.raises(DataError) as caught:
        find("tiny")
    message = str(caught.value)
    assert "sparsernn data fetch tiny" in message
    assert str(home / "share" / "sparsernn" / "tiny") in message
    assert "SPARSERNN_DATA" in message


def test_places_in_their_order(home, monkeypatch):
    user = put(home / "share" / "sparsernn" / "tiny")
    assert find("tiny") == {"a": user / "a", "b": user / "b"}
    monkeypatch.setenv("SPARSERNN_DATA", str(home / "env"))
    assert find("tiny")["a"] == user / "a"
    given = put(home / "env" / "tiny")
    assert find("tiny")["a"] == given / "a"


def test_the_home_directory_without_xdg(home, monkeypatch):
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setattr(datasets.Path, "home", lambda: home)
    folder = put(home / ".local" / "share" / "sparsernn" / "tiny")
    assert find("tiny")["b"] == folder / "b"


def test_incomplete_or_wrong_sets_are_passed_over(home, monkeypatch):
    monkeypatch.setenv("SPARSERNN_DATA", str(home / "env"))
    wrong = put(home / "env" / "tiny", b=b"too long")
    with pytest.raises(DataError, match=r"1 of 2 files missing or of another size, as b"):
        find("tiny")
    user = put(home / "share" / "sparsernn" / "tiny")
    assert find("tiny")["b"] == user / "b"
    assert find("tiny", wrong)["b"] == wrong / "b"


def test_a_given_path_is_the_only_place(home):
    put(home / "share" / "sparsernn" / "tiny")
    with pytest.raises(DataError, match="2 of 2"):
        find("tiny", home / "elsewhere")
    folder = put(home / "elsewhere" / "tiny")
    assert find("tiny", home / "elsewhere")["a"] == folder / "a"
    assert find("tiny", str(folder))["a"] == folder / "a"


def test_another_form_stands_for_the_published_files(home, monkeypatch):
    monkeypatch.setitem(DATASETS, "tiny", TINY._replace(others=((RemoteFile("c", 1, "", ()),),)))
    folder = home / "share" / "sparsernn" / "tiny"
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(b"aaa")
    with pytest.raises(DataError, match="1 of 2 files missing or of another size, as b"):
        find("tiny")
    (folder / "c").write_bytes(b"c")
    assert find("tiny") == {"c": folder / "c"}
    (folder / "b").write_bytes(b"bb")
    assert find("tiny") == {"a": folder / "a", "b": folder / "b"}


def test_what_is_here_is_checked(home):
    file = RemoteFile("a", 3, hashlib.sha256(b"aaa").hexdigest(), ())
    by_md5 = RemoteFile("b", 2, "", (), hashlib.md5(b"bb").hexdigest())
    DATASETS["tiny"] = TINY._replace(files=(file, by_md5))
    assert standing("tiny") == (None, ())
    folder = put(home / "share" / "sparsernn" / "tiny")
    assert standing("tiny") == (folder, ())
    (folder / "b").write_bytes(b"cc")
    assert standing("tiny") == (folder, ("b",))


def test_unknown_names(home):
    with pytest.raises(SpecError, match='no data set "mnits", did you mean "mnist"'):
        find("mnits")


def test_the_list_is_sound():
    for dataset in DATASETS.values():
        assert dataset.license
        assert dataset.citation
        assert Path(dataset.folder).name == dataset.folder
        names = [file.name for file in dataset.files]
        assert len(set(names)) == len(names)
        for file in dataset.files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256) or re.fullmatch(r"[0-9a-f]{32}", file.md5)
            assert re.fullmatch(r"[\w.-]+", file.name)
            assert file.size > 0
            assert file.urls
            assert all(url.startswith("https://") for url in file.urls)


@pytest.mark.data
@pytest.mark.parametrize("name", sorted(DATASETS))
def test_sizes_and_hashes_are_those_of_the_real_files(name):
    if not os.environ.get("SPARSERNN_DATA"):
        pytest.skip("needs SPARSERNN_DATA")
    try:
        paths = find(name)
    except DataError as error:
        pytest.skip(str(error))
    (form,) = (form for form in DATASETS[name].forms if {file.name for file in form} == set(paths))
    assert all(file.is_at(paths[file.name]) for file in form)
