"""What `analyze` found: numbers, plain forms, rows of tables, the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from sparsernn.topology.balance import TYPES
from sparsernn.topology.beside import Beside, Number
from sparsernn.topology.gauge import Gauge
from sparsernn.topology.motifs import SIGNS
from sparsernn.topology.profile import Profile, Statistic
from sparsernn.topology.signed_graph import Graph

TITLES = {
    "nodes": "nodes",
    "edges": "edges",
    "positive": "positive edges",
    "negative": "negative edges",
    "density": "density",
    "mutual": "mutual pairs",
    "reciprocity": "reciprocity",
    "largest_out_degree": "largest out-degree",
    "gini_out_degree": "Gini of out-degrees",
    "largest_in_degree": "largest in-degree",
    "gini_in_degree": "Gini of in-degrees",
    "clustering": "clustering (Fagiolo)",
    "path_length": "mean path length",
    "reachable": "share of pairs reached",
    "small_world": "small-world index",
    "spectral_radius": "spectral radius",
    "eta": "balance η",
    "eta_pooled": "η pooled",
    "eta_all_types": "η, all types",
}


class Analysis(NamedTuple):
    """A graph's profile with all that says how it was made.

    `numbers`, `motifs` and `triads` are those of `profile` (`sparsernn.topology.profile.Profile`).
    """

    profile: Profile
    graph: Graph
    names: tuple[str, ...]
    source: str
    orientation: str
    null: str
    nulls: int
    statistic: Statistic
    seed: int
    notes: tuple[str, ...]
    gauge: Gauge | None = None
    published: dict[str, Number] | None = None
    """z beside the null of the paper, ``fanmod``, where another one was asked for."""

    @property
    def numbers(self) -> dict[str, Beside]:
        return self.profile.numbers

    @property
    def motifs(self) -> dict[str, Any]:
        return self.profile.motifs

    @property
    def triads(self) -> dict[str, Any]:
        return self.profile.triads

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.profile.warnings

    def __repr__(self) -> str:
        eta = self.numbers["eta"].value
        signed = self.graph.signed
        return f"Analysis({self.source}: {signed.nodes:,} nodes, {signed.edges:,} edges, eta {eta!r})"

    def called(self, node: int) -> str:
        """The name of a node, its number where there is none."""
        return self.names[node] if self.names else str(node)

    def to_dict(self) -> dict[str, Any]:
        """Plain values with `Undefined` among them."""
        found: dict[str, Any] = {name: b._asdict() for name, b in self.numbers.items()}
        found["motifs"] = {signs: {"count": m.number, **m._asdict()} for signs, m in self.motifs.items()}
        for motif in found["motifs"].values():
            del motif["number"]
        found["triads"] = {
            name: {
                "balanced": t.balanced,
                "unbalanced": t.unbalanced,
                "share": t.share._asdict(),
                "triads": t.triads._asdict(),
                "in_eta": t.transitive,
            }
            for name, t in self.triads.items()
        }
        found["hubs"] = [{"node": self.called(h.node), "out": h.outgoing, "in": h.incoming} for h in self.profile.hubs]
        drawn = self.profile.ensemble
        found["null"] = {"name": self.null, "nulls": self.nulls, "seed": self.seed, "statistic": self.statistic}
        if drawn is not None:
            found["null"] |= {"keeps": drawn.null.keeps, "uniform": drawn.null.uniform, "moved": drawn.moved}
        if self.gauge is not None:
            found["gauge"] = {"draws": self.gauge.draws, "z_mean": self.gauge.mean, "z_sd": self.gauge.sd}
        if self.published is not None:
            found["fanmod_z"] = self.published
        found |= {"source": self.source, "orientation": self.orientation, "self_connections": self.graph.loops}
        return found | {"warnings": list(self.warnings), "notes": list(self.notes)}

    def rows(self) -> list[tuple[str, Number, Number, Number, Number]]:
        """Numbers of the whole graph: title, value, mean and sd of the nulls, z."""
        return [(TITLES[name], *b) for name, b in self.numbers.items()]

    def kept(self) -> list[bool]:
        """Of `rows`, in their order: whether the null keeps the number, so that there is nothing to compare."""
        numbers = self.numbers.values()
        return [b.null_sd == 0 and abs(float(b.null_mean) - float(b.value)) <= 1e-9 for b in numbers]

    def motif_rows(self) -> list[list[Any]]:
        """One row a motif: signs, balanced or not, count, mean and sd of the nulls, z."""
        if self.statistic == "count":
            own = [self.motifs[s].number for s in SIGNS]
        else:
            own = [self.motifs[s].concentration for s in SIGNS]
        kind = ["balanced" if s.count("-") % 2 == 0 else "unbalanced" for s in SIGNS]
        rest = [(m.null_mean, m.null_sd, m.z) for m in (self.motifs[s] for s in SIGNS)]
        return [[s.replace("-", "−"), k, o, *r] for s, k, o, r in zip(SIGNS, kind, own, rest, strict=True)]

    def triad_rows(self) -> list[list[Any]]:
        """One row a type: triads, mean, sd and z of their number, balanced and unbalanced loops, share, its z."""
        made = []
        for name in TYPES:
            t = self.triads[name]
            made.append([name, *t.triads, t.balanced, t.unbalanced, t.share.value, t.share.null_mean, t.share.z])
        return made

    def hub_rows(self) -> list[list[Any]]:
        return [[self.called(h.node), h.outgoing, h.incoming] for h in self.profile.hubs]

    def facts(self) -> list[tuple[str, str]]:
        """What stands behind the numbers, (what, in words)."""
        signed, drawn = self.graph.signed, self.profile.ensemble
        turned = {
            "source-target": "edges are read source → target",
            "target-source": "rows are targets, columns sources",
        }[self.orientation]
        facts = [("graph", f"{signed.nodes:,} nodes, {signed.edges:,} edges"), ("orientation", turned)]
        if drawn is not None:
            facts.append(("null", f"{self.null}, {self.nulls:,} graphs, seed {self.seed}; keeps {drawn.null.keeps}"))
            facts.append(("nulls moved", f"{drawn.moved:.0%} of the edges are elsewhere, or of the other sign"))
        facts.append(("z", f"(value − mean) / sd over the nulls, on {self.statistic}s"))
        return facts

    def write(self, path: str | Path) -> None:
        """One self-contained HTML page. StoreError where it cannot be written."""
        from sparsernn.studies.analysis_page import write_page

        write_page(Path(path), self)
