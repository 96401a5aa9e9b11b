"""GraphML, read as a stream. A document type or an entity ends it: graphs have none, attacks do."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

from sparsernn.errors import DataError
from sparsernn.files.graphs.wiring import EdgeList, Wiring
from sparsernn.files.header import is_number
from sparsernn.files.limits import unreadable

PIECE, DEEP, TEXT = 1 << 20, 64, 100_000
WEIGHT, SIGN = ("weight", "w", "value", "count"), ("sign",)


def read_graphml(path: Path) -> Wiring:
    """Nodes and edges of a GraphML file (http://graphml.graphdrawing.org); an edge attribute called ``weight`` (or
    ``value``) is its weight, ``sign`` its sign. Undirected edges become two. DataError for a document type, entities,
    hyperedges, nested graphs, ports, unknown ends, and damaged XML, with the line. Cost: about 4 s for a million edges.
    """
    reader = _Reader(path)
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                reader.parser.Parse(piece, False)
            reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise DataError(f"{path} is damaged: line {error.lineno}, column {error.offset}: {error}") from None
    except OSError as error:
        raise unreadable(path, error) from None
    return reader.wiring()


class _Reader:
    """What the parser calls."""

    def __init__(self, path: Path):
        self.path, self.found = path, EdgeList()
        self.keys: dict[str, tuple[str, str]] = {}
        self.defaults: dict[str, str] = {}
        self.directed = True
        self.graphs = self.undirected = 0
        self.stack: list[str] = []
        self.edge: dict[str, Any] | None = None
        self.listed: set[str] = set()
        self.data: str | None = None
        self.text: list[str] = []
        self.root = False
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.buffer_text = True

    def _refuse(self, *said: Any) -> NoReturn:
        raise DataError(
            f"{self.path} has a document type or entities, which are never followed; graphs need none: remove the "
            "<!DOCTYPE ...> at its beginning"
        )

    def _wrong(self, what: str) -> NoReturn:
        raise DataError(f"{self.path}, line {self.parser.CurrentLineNumber}: {what}")

    def _start(self, name: str, has: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self.stack.append(name)
        if len(self.stack) > DEEP:
            self._wrong("elements within elements, deeper than any graph")
        if not self.root:
            if name != "graphml":
                self._wrong(f"the document is <{name}>, expected <graphml>")
            self.root = True
        elif name == "key":
            self.keys[has.get("id", "")] = (has.get("for", "all"), has.get("attr.name", has.get("id", "")))
        elif name == "graph":
            self.graphs += 1
            if self.graphs > 1:
                self._wrong("a second graph; one graph a file is read")
            self.directed = has.get("edgedefault", "directed") == "directed"
        elif name == "node":
            self.listed.add(has.get("id", ""))
            self.found.node(has.get("id", ""))
        elif name == "edge":
            if "source" not in has or "target" not in has:
                self._wrong("an edge without source or target")
            self.edge = {"ends": (has["source"], has["target"]), "data": {}}
            said = has.get("directed")
            self.edge["directed"] = self.directed if said is None else said == "true"
        elif name == "hyperedge":
            self._wrong("hyperedges are not read")
        elif name in ("data", "default"):
            self.data, self.text = has.get("key", ""), []

    def _characters(self, text: str) -> None:
        if self.data is not None:
            self.text.append(text)
            if sum(map(len, self.text[-2:])) > TEXT:
                self._wrong("an attribute of more letters than any number has")

    def _end(self, name: str) -> None:
        name = self.stack.pop()
        if name == "data" and self.edge is not None:
            what, called = self.keys.get(self.data or "", ("all", self.data or ""))
            if what in ("edge", "all"):
                self.edge["data"][called.lower()] = "".join(self.text).strip()
        if name in ("data", "default"):
            self.data = None
        if name == "edge" and self.edge is not None:
            self._add(self.edge)
            self.edge = None

    def _add(self, edge: dict[str, Any]) -> None:
        source, target = edge["ends"]
        text = next((edge["data"][k] for k in WEIGHT if k in edge["data"]), "1")
        if not is_number(text):
            self._wrong(f'the weight "{text[:40]}" is no number')
        weight = float(text)
        sign = next((edge["data"][k] for k in SIGN if k in edge["data"]), None)
        if sign is not None:
            if not is_number(sign):
                self._wrong(f'the sign "{sign[:40]}" is no number')
            if float(sign) != 0:  # 0: of several gates, no sign
                weight = abs(weight) * (1 if float(sign) > 0 else -1)
        self.found.add(source, target, weight)
        if not edge["directed"]:
            self.undirected += 1
            if source != target:
                self.found.add(target, source, weight)

    def wiring(self) -> Wiring:
        if not self.graphs:
            raise DataError(f"{self.path} holds no <graph>")
        unknown = [name for name in self.found.places if name not in self.listed]
        if unknown:
            raise DataError(f'{self.path}: an edge leads to or from "{unknown[0][:40]}", which is no node of it')
        notes = [f"{self.undirected:,} undirected edges are read as two, one each way"] if self.undirected else []
        return self.found.wiring("source-target", notes, str(self.path))
