import hashlib
import http.server
import io
import os
import socket
import threading
import zipfile

import pytest

from sparsernn.errors import DataError, SpecError, StoreError
from sparsernn.files import atomic, download
from sparsernn.files.datasets import DATASETS, DataSet, RemoteFile, find
from sparsernn.files.download import fetch

CONTENT = {"a.bin": bytes(range(256)) * 1000, "b.bin": b"hello"}


class Handler(http.server.BaseHTTPRequestHandler):
    asked: list[str]
    ranges: list[int]

    def do_GET(self):
        self.asked.append(self.path)
        *_, how, name = self.path.split("/")
        content = CONTENT[name]
        if how == "missing":
            self.send_error(404)
            return
        if how == "moved":
            self.send_response(302)
            self.send_header("Location", f"/good/{name}")
            self.end_headers()
            return
        begin = int((self.headers.get("Range") or "bytes=0-")[6:-1]) if "resume" in how else 0
        self.ranges.append(begin)
        if begin >= len(content):
            self.send_error(416)
            return
        content = content[begin:]
        self.send_response(206 if begin else 200)
        length = len(content)
        if how == "corrupt":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if how == "truncated":
            content = content[:-2]
        if how == "cut short":
            content, length = content[:-2], length - 2
        if how == "endless":
            length = 10**12
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)
        if how == "endless":
            try:
                while True:
                    self.wfile.write(bytes(1 << 16))
            except OSError:
                pass

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    """The address of a server on this machine; `server.asked` is what it was asked for."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    handler = type("Asked", (Handler,), {"asked": [], "ranges": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        class Address(str):
            asked = handler.asked
            ranges = handler.ranges

        try:
            yield Address(f"http://127.0.0.1:{running.server_port}")
        finally:
            running.shutdown()
            thread.join()


@pytest.fixture
def tiny(monkeypatch, server):
    """A data set whose two mirrors behave as told: ``tiny("missing", "good")``."""

    def define(*ways):
        files = tuple(
            RemoteFile(
                n, len(c), hashlib.sha256(c).hexdigest(), tuple(f"{server}/{w.replace(' ', '%20')}/{n}" for w in ways)
            )
            for n, c in CONTENT.items()
        )
        monkeypatch.setitem(DATASETS, "tiny", DataSet("two files", "tiny", "none", "nobody", files))

    monkeypatch.setattr(Handler, "do_GET", _unquoted(Handler.do_GET))
    define("good")
    return define


def _unquoted(do_get):
    def wrapped(self):
        self.path = self.path.replace("%20", " ")
        do_get(self)

    return wrapped


def test_a_good_download(tiny, server, tmp_path):
    told = []
    files = fetch("tiny", tmp_path, progress=lambda *what: told.append(what))
    assert {name: path.read_bytes() for name, path in files.items()} == CONTENT
    assert sorted(os.listdir(tmp_path / "tiny")) == ["a.bin", "b.bin"]
    assert ("a.bin", 256_000, 256_000) in told
    assert ("b.bin", 5, 5) in told
    assert [done for name, done, _ in told if name == "a.bin"] == sorted({done for n, done, _ in told if n == "a.bin"})
    assert find("tiny", tmp_path) == files


def test_what_is_there_is_not_fetched_again(tiny, server, tmp_path):
    fetch("tiny", tmp_path)
    fetch("tiny", tmp_path)
    assert len(server.asked) == 2
    (tmp_path / "tiny" / "b.bin").write_bytes(b"hallo")
    fetch("tiny", tmp_path)
    assert server.asked[2:] == ["/good/b.bin"]
    assert (tmp_path / "tiny" / "b.bin").read_bytes() == b"hello"


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("missing", "404"),
        ("corrupt", "another sha256"),
        ("truncated", "stopped after 255,998 of 256,000 bytes|IncompleteRead"),
        ("cut short", "stopped after 255,998 of 256,000 bytes"),
        ("endless", "more than the expected 256,000 bytes"),
    ],
)
def test_a_bad_mirror_leaves_no_file_and_the_next_one_is_tried(tiny, server, tmp_path, way, message):
    tiny(way)
    with pytest.raises(DataError, match=message) as caught:
        fetch("tiny", tmp_path)
    assert "a.bin could not be downloaded" in str(caught.value)
    assert str(tmp_path / "tiny") in str(caught.value)
    assert os.listdir(tmp_path / "tiny") == ([".a.bin.part"] if "stopped" in message else [])
    tiny(way, "good")
    assert fetch("tiny", tmp_path)["a.bin"].read_bytes() == CONTENT["a.bin"]


def test_a_download_that_broke_off_goes_on(tiny, server, tmp_path):
    tiny("cut short")
    with pytest.raises(DataError, match="stopped after"):
        fetch("tiny", tmp_path)
    tiny("resume")
    server.ranges.clear()
    assert {name: path.read_bytes() for name, path in fetch("tiny", tmp_path).items()} == CONTENT
    assert server.ranges == [255_998, 0]
    assert sorted(os.listdir(tmp_path / "tiny")) == ["a.bin", "b.bin"]


@pytest.mark.parametrize("left", [b"not what the file begins with", bytes(256_000), bytes(300_000)])
def test_a_part_of_something_else_is_dropped(tiny, server, tmp_path, left):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / ".a.bin.part").write_bytes(left)
    tiny("resume")
    assert {name: path.read_bytes() for name, path in fetch("tiny", tmp_path).items()} == CONTENT
    assert sorted(os.listdir(tmp_path / "tiny")) == ["a.bin", "b.bin"]


def zipped(**members):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"inner {name}", content)
    return raw.getvalue()


@pytest.fixture
def packed(monkeypatch, server):
    """A data set of one file that lies in an archive, checked by its md5: ``packed(archive, "good")``."""

    def define(archive, *ways):
        monkeypatch.setitem(CONTENT, "x.zip", archive)
        urls = tuple(f"{server}/{way}/x.zip#inner c.txt" for way in ways)
        file = RemoteFile("c.txt", 5, "", urls, hashlib.md5(b"hello").hexdigest())
        monkeypatch.setitem(DATASETS, "packed", DataSet("one file", "packed", "none", "nobody", (file,)))

    return define


def test_a_file_in_an_archive_checked_by_md5(packed, tmp_path):
    packed(zipped(**{"c.txt": b"hello"}), "good")
    path = fetch("packed", tmp_path)["c.txt"]
    assert path.read_bytes() == b"hello"
    assert os.listdir(path.parent) == ["c.txt"]


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (zipped(**{"c.txt": b"hallo"}), "another md5"),
        (zipped(**{"c.txt": b"hello hello"}), "more than the expected 5 bytes"),
        (zipped(**{"c.txt": b"hell"}), "stopped after 4 of 5 bytes"),
        (zipped(**{"d.txt": b"hello"}), "holds no inner c.txt"),
        (b"no archive", "cannot be read"),
        (b"", "sent nothing|no file|stopped|cannot be read"),
    ],
)
def test_archives_of_something_else(packed, tmp_path, archive, message):
    packed(archive, "good")
    with pytest.raises(DataError, match=message):
        fetch("packed", tmp_path)
    assert "c.txt" not in os.listdir(tmp_path / "packed")


def test_redirections_are_followed(tiny, tmp_path):
    tiny("moved")
    assert fetch("tiny", tmp_path)["b.bin"].read_bytes() == b"hello"


def test_without_network(tiny, tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DataError, match=r"a\.bin could not be downloaded.*refused.*Try again later"):
        fetch("tiny", tmp_path, base_url=f"http://127.0.0.1:{port}")
    monkeypatch.setattr(download, "urlopen", _no_name)
    with pytest.raises(DataError, match="Name or service not known"):
        fetch("tiny", tmp_path)


def _no_name(*args, **options):
    raise socket.gaierror(-2, "Name or service not known")


def test_another_address(tiny, server, tmp_path):
    tiny("missing")
    assert fetch("tiny", tmp_path, base_url=f"{server}/good/")["b.bin"].read_bytes() == b"hello"


@pytest.mark.parametrize("address", ["file:///etc", "ftp://127.0.0.1", "/etc"])
def test_only_http(tiny, tmp_path, address):
    with pytest.raises(SpecError, match="only http and https"):
        fetch("tiny", tmp_path, base_url=address)


def test_the_user_directory_is_the_default(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SPARSERNN_DATA", raising=False)
    assert fetch("tiny")["a.bin"] == tmp_path / "sparsernn" / "tiny" / "a.bin"
    assert find("tiny")["a.bin"] == tmp_path / "sparsernn" / "tiny" / "a.bin"


def test_unknown_names(tmp_path):
    with pytest.raises(SpecError, match="no data set"):
        fetch("nothing", tmp_path)


def test_a_full_disk_and_a_forbidden_folder(tiny, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        fetch("tiny", tmp_path / "file")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        fetch("tiny", tmp_path)
    assert os.listdir(tmp_path / "tiny") == [".a.bin.part"], "the next download needs not begin anew"
