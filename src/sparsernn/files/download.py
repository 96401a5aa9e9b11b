"""Public data sets from the network, never trusted: size and sha256 are checked before a file gets its name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from sparsernn.errors import DataError, SpecError, StoreError
from sparsernn.files.atomic import replacing
from sparsernn.files.datasets import RemoteFile, known, user_directory
from sparsernn.files.limits import sha256_of
from sparsernn.progress import Progress

TIMEOUT = 30.0


class _MirrorError(Exception):
    """Why one mirror did not serve; the next one is tried."""


def fetch(
    name: str,
    to: str | Path | None = None,
    progress: Progress | None = None,
    base_url: str | None = None,
) -> dict[str, Path]:
    """Download a data set into the data directory `to` (None: the user's) and return its files by name.

    Files that are there already, with the right sha256, are not fetched again. ``progress(file, done, of)`` is told the
    bytes. `base_url` takes the place of all mirrors: the files are expected directly below it. DataError that says what
    every mirror answered; StoreError for a full disk. Interrupted downloads begin anew.
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
        if path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256:
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
    raise DataError(
        f"{file.name} could not be downloaded: {'; '.join(answers)}. Try again later, or get the file elsewhere "
        f"(sha256 {file.sha256}) and put it into {path.parent}"
    )


def _download(url: str, file: RemoteFile, path: Path, progress: Progress) -> None:
    digest, done = hashlib.sha256(), 0
    with replacing(path) as out:
        for piece in _pieces(url):
            done += len(piece)
            if done > file.size:
                raise _MirrorError(f"it sent more than the expected {file.size:,} bytes")
            digest.update(piece)
            out.write(piece)
            progress(file.name, done, file.size)
        if done < file.size:
            raise _MirrorError(f"it stopped after {done:,} of {file.size:,} bytes")
        if digest.hexdigest() != file.sha256:
            raise _MirrorError(f"its file has another sha256 ({digest.hexdigest()[:12]}...), so other content")


def _pieces(url: str) -> Iterator[bytes]:
    try:
        with urlopen(Request(url, headers={"User-Agent": "sparsernn"}), timeout=TIMEOUT) as response:
            while piece := response.read(1 << 16):
                yield piece
    except (OSError, HTTPException, ValueError) as error:
        raise _MirrorError(str(error) or type(error).__name__) from None
