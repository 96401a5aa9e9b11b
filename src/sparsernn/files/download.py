"""Public data sets from the network, never trusted: size and content are checked before a file gets its name."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sparsernn.errors import DataError, SpecError, StoreError
from sparsernn.files.atomic import replacing
from sparsernn.files.datasets import RemoteFile, known, user_directory
from sparsernn.progress import Progress

TIMEOUT = 30.0
PIECE = 1 << 16


class _MirrorError(Exception):
    """Why one mirror did not serve; the next one is tried."""


class _OtherContentError(_MirrorError):
    """What came is not the file: nothing of it is kept."""


def fetch(
    name: str,
    to: str | Path | None = None,
    progress: Progress | None = None,
    base_url: str | None = None,
) -> dict[str, Path]:
    """Download a data set into the data directory `to` (None: the user's) and return its files by name.

    Files that are there already, with the right content, are not fetched again. A download that broke off leaves
    ``.NAME.part`` beside its place, and the next one goes on from there, where the server can (else it begins anew).
    ``progress(file, done, of)`` is told the bytes. `base_url` takes the place of all mirrors: the files are expected
    directly below it. DataError that says what every mirror answered; StoreError for a full disk.
    """
    dataset = known(name)
    folder = Path(to if to is not None else user_directory()) / dataset.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error.strerror or error}") from None
    paths = {}
    for file in dataset.files:
        path = paths[file.name] = folder / file.name
        if file.is_at(path):
            continue
        urls = file.urls if base_url is None else (f"{base_url.rstrip('/')}/{file.name}",)
        _from_the_first_that_serves(urls, file, path, progress or (lambda what, done, of: None))
    return paths


def _from_the_first_that_serves(urls: tuple[str, ...], file: RemoteFile, path: Path, progress: Progress) -> None:
    answers = []
    for url in urls:
        if not url.startswith(("https://", "http://")):
            raise SpecError(f"only http and https addresses are fetched, got {url}")
        try:
            return _download(url, file, path, progress)
        except _MirrorError as error:
            answers.append(f"{url}: {error}")
    algorithm, digest = file.checksum
    raise DataError(
        f"{file.name} could not be downloaded: {'; '.join(answers)}. Try again later, or get the file elsewhere "
        f"({algorithm} {digest}) and put it into {path.parent}"
    )


def _download(url: str, file: RemoteFile, path: Path, progress: Progress) -> None:
    """The file from one mirror; a part that turns out to be of something else is dropped, and it begins anew once."""
    whole, _, member = url.partition("#")
    part = path.with_name(f".{path.name}.{'zip.' if member else ''}part")
    begun = part.is_file() and part.stat().st_size > 0
    try:
        _get(whole, member, file, path, part, progress)
    except _OtherContentError:
        if not begun:
            raise
        _get(whole, member, file, path, part, progress)


def _get(url: str, member: str, file: RemoteFile, path: Path, part: Path, progress: Progress) -> None:
    most = file.size + (1 << 20 if member else 0)  # an archive is hardly larger than what is in it
    try:
        _fill(url, part, most, file, progress)
        if member:
            _move(_member(part, member), file, path)
        else:
            with part.open("rb") as got:
                _move(iter(lambda: got.read(PIECE), b""), file, path)
    except _OtherContentError:
        part.unlink(missing_ok=True)
        raise
    finally:
        with suppress(OSError):
            if part.stat().st_size == 0:
                part.unlink()
    part.unlink(missing_ok=True)


def _fill(url: str, part: Path, most: int, file: RemoteFile, progress: Progress) -> None:
    """Bring the part to its end, from where it stands. Errors of writing are those of `replacing`."""
    with _writing(part) as out:
        done = out.seek(0, os.SEEK_END)
        if done == file.size and not part.name.endswith(".zip.part"):
            return
        for begin, piece in _pieces(url, done):
            if begin != done:  # the server sends the whole again
                out.seek(0)
                out.truncate()
                done = 0
            done += len(piece)
            if done > most:
                raise _OtherContentError(f"it sent more than the expected {file.size:,} bytes")
            out.write(piece)
            progress(file.name, min(done, file.size), file.size)
    if done < file.size and not part.name.endswith(".zip.part"):
        raise _MirrorError(f"it stopped after {done:,} of {file.size:,} bytes")


@contextmanager
def _writing(part: Path) -> Iterator[BinaryIO]:
    try:
        with part.open("ab") as made:
            made.flush()
        with part.open("r+b") as out:
            yield out
    except OSError as error:
        raise StoreError(f"{part} cannot be written: {error.strerror or error}; make room and run it again") from None


def _move(pieces: Iterator[bytes], file: RemoteFile, path: Path) -> None:
    """Write the file to its place, if it is the right one."""
    algorithm, wanted = file.checksum
    digest, done = hashlib.new(algorithm, usedforsecurity=False), 0
    with replacing(path) as out:
        for piece in pieces:
            done += len(piece)
            if done > file.size:
                raise _OtherContentError(f"it sent more than the expected {file.size:,} bytes")
            digest.update(piece)
            out.write(piece)
        if done < file.size:
            raise _OtherContentError(f"it stopped after {done:,} of {file.size:,} bytes")
        if digest.hexdigest() != wanted:
            raise _OtherContentError(
                f"its file has another {algorithm} ({digest.hexdigest()[:12]}...), so other content"
            )


def _member(archive: Path, name: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(name) as member:
            while piece := member.read(PIECE):
                yield piece
    except KeyError:
        raise _OtherContentError(f"its archive holds no {name}") from None
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _OtherContentError(f"its archive cannot be read: {error}") from None


def _pieces(url: str, begin: int = 0) -> Iterator[tuple[int, bytes]]:
    """(where it begins in the file, bytes): from `begin` if the server can, else from 0."""
    asked = {"User-Agent": "sparsernn"} | ({"Range": f"bytes={begin}-"} if begin else {})
    try:
        with urlopen(Request(url, headers=asked), timeout=TIMEOUT) as response:
            at = begin if response.status == 206 else 0
            while piece := response.read(PIECE):
                yield at, piece
                at += len(piece)
    except HTTPError as error:
        if error.code != 416:  # that is: nothing is behind `begin`
            raise _MirrorError(str(error)) from None
    except (OSError, HTTPException, ValueError) as error:
        raise _MirrorError(str(error) or type(error).__name__) from None
