import gzip
import io
import sys
import types
import zipfile

import networkx as nx
import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy import sparse
from scipy.io import savemat

from sparsernn.errors import DataError, SpecError
from sparsernn.files.graphs.kinds import read_wiring

A = np.array([[0, 2.5, 0, -1], [0, 0, 1, 0], [3, 0, 0, 0], [0, -2, 0, 0.5]])


def matrix(wiring):
    made = np.zeros((wiring.nodes,) * 2)
    made[wiring.source, wiring.target] = wiring.weights
    return made


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_matrices_of_all_kinds_hold_the_same(tmp_path):
    np.save(tmp_path / "a.npy", A)
    np.savez(tmp_path / "a.npz", A)
    savemat(tmp_path / "a.mat", {"A": A, "fs": 1.0})
    np.savetxt(tmp_path / "a.csv", A, delimiter=",")
    np.savetxt(tmp_path / "a.txt", A)
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        np.savetxt(file, A, delimiter=",")
    for form in ("csr", "csc", "coo"):
        sparse.save_npz(tmp_path / f"{form}.npz", sparse.csr_array(A).asformat(form))
    for path in sorted(tmp_path.iterdir()):
        found = read_wiring(path)
        np.testing.assert_array_equal(matrix(found), A, err_msg=path.name)
        assert found.orientation is None, "a matrix does not say which way it is read"


def test_named_matrices(tmp_path):
    rows = "\n".join([",a,b,c,d", *(f"{n}," + ",".join(map(str, r)) for n, r in zip("abcd", A, strict=True))])
    found = read_wiring(write(tmp_path / "named.csv", "\ufeff" + rows))
    assert found.names == ("a", "b", "c", "d")
    np.testing.assert_array_equal(matrix(found), A)
    wide = read_wiring(write(tmp_path / "wide.csv", ",a,b,c,d,e,f,g\nb,0,0,5,0,0,1,0\nz,1,0,0,0,0,0,0\n"))
    assert (wide.nodes, len(wide.weights)) == (8, 3)
    assert "2 named rows and 7 named columns: 8 nodes" in wide.notes[0]


def test_nodes_of_a_matrix_may_be_called_pre_and_post(tmp_path):
    rows = "".join(f"{n},{','.join(map(str, r))}\n" for n, r in zip(("PRE", "POST", "x", "y"), A, strict=True))
    found = read_wiring(write(tmp_path / "m.csv", ",PRE,POST,x,y\n" + rows))
    assert found.names == ("PRE", "POST", "x", "y")
    np.testing.assert_array_equal(matrix(found), A)


def test_models_hold_targets_by_sources(tmp_path):
    save_file({"rnn.weight_hh": A, "out": np.ones((2, 4))}, tmp_path / "m.safetensors")
    found = read_wiring(tmp_path / "m.safetensors")
    assert found.orientation == "target-source"
    np.testing.assert_array_equal(matrix(found), A)
    with pytest.raises(SpecError, match='did you mean "rnn'):
        read_wiring(tmp_path / "m.safetensors", "rnn.weight_h")
    with pytest.raises(DataError, match="expected a square matrix; are these 2 gates"):
        read_wiring(tmp_path / "m.safetensors", "out")
    save_file({"a": A, "b": A}, tmp_path / "two.safetensors")
    with pytest.raises(SpecError, match="several square matrices; choose one with --key"):
        read_wiring(tmp_path / "two.safetensors")


def test_torch_is_asked_for_numbers_alone(tmp_path, monkeypatch):
    asked = {}

    class Tensor:
        def __init__(self, array):
            self.array = array

        detach = to_dense = double = lambda self: self
        is_complex = lambda self: False
        numpy = lambda self: self.array

    def load(path, **options):
        asked.update(options)
        if path.name == "bad.pt":
            raise RuntimeError("Weights only load failed")
        return {"state": {"weight_hh_l0": Tensor(A)}, "epoch": 3}

    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(load=load))
    (tmp_path / "m.pt").write_bytes(b"x")
    (tmp_path / "bad.pt").write_bytes(b"x")
    np.testing.assert_array_equal(matrix(read_wiring(tmp_path / "m.pt")), A)
    assert asked == {"map_location": "cpu", "weights_only": True}
    assert read_wiring(tmp_path / "m.pt", "state.weight_hh_l0").notes == ("the matrix is state.weight_hh_l0",)
    with pytest.raises(DataError, match="numbers alone"):
        read_wiring(tmp_path / "bad.pt")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DataError, match=r"sparsernn\[torch\]"):
        read_wiring(tmp_path / "m.pt")


def test_lists_of_edges(tmp_path):
    text = "Source,Target,Weight,Type\nA , B,2,chem\nB,A,-1,chem\nB,C,1,elec\nA,B,3,chem\nC,C,1,chem\nC,A,0,chem\n"
    found = read_wiring(write(tmp_path / "e.csv", text))
    assert found.names == ("A", "B", "C")
    np.testing.assert_array_equal(matrix(found), [[0, 5, 0], [-1, 0, 1], [0, 0, 1]])
    assert found.orientation == "source-target"
    said = " ".join(found.notes)
    assert "columns that are not read: Type" in said
    assert "1 lines name an edge that was there already" in said
    assert "1 edges of weight 0" in said
    only = read_wiring(tmp_path / "e.csv", only={"type": ("chem",)})
    assert "1 of 6 lines" in " ".join(only.notes)
    assert matrix(only)[1].tolist() == [-1, 0] if only.nodes == 2 else matrix(only)[1].tolist() == [-1, 0, 0]


@pytest.mark.parametrize(
    "text",
    [
        "0,1,2\n1,2,1\n2,0,-1\n2,1,4\n",
        "0\t1\t2\n1\t2\t1\n2\t0\t-1\n2\t1\t4\n",
        "# a comment\n0 1 2\n1 2 1\n2 0 -1\n2 1 4\n",
        "from,to,value\n2,0,-1\n0,1,2\n1,2,1\n2,1,4\n",
        "pre;post;sign;weight\n2;0;inhibitory;1\n0;1;excitatory;2\n1;2;+;1\n2;1;+;4\n",
    ],
)
def test_with_and_without_header(tmp_path, text):
    found = read_wiring(write(tmp_path / "e.tsv", text))
    np.testing.assert_array_equal(matrix(found), [[0, 2, 0], [0, 0, 1], [-1, 4, 0]])


def test_a_million_nodes_of_a_list(tmp_path):
    ends = np.arange(50_000)
    np.savetxt(tmp_path / "e.tsv", np.stack([ends, (7 * ends + 1) % 999_983], axis=1), fmt="%d", delimiter="\t")
    found = read_wiring(tmp_path / "e.tsv")
    assert found.nodes > 90_000
    assert len(found.weights) == 50_000


def test_graphml_of_networkx(tmp_path):
    graph = nx.DiGraph()
    graph.add_nodes_from("abcd", note="<&>")
    graph.add_weighted_edges_from([("a", "b", 2.5), ("a", "d", -1.0), ("b", "c", 1.0), ("c", "a", 3.0)])
    nx.write_graphml(graph, tmp_path / "g.graphml")
    found = read_wiring(tmp_path / "g.graphml")
    assert found.names == ("a", "b", "c", "d")
    np.testing.assert_array_equal(matrix(found)[0], [0, 2.5, 0, -1])
    nx.write_graphml(graph.to_undirected(), tmp_path / "u.graphml")
    both = read_wiring(tmp_path / "u.graphml")
    assert len(both.weights) == 8
    assert "4 undirected edges are read as two" in both.notes[0]


BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<graphml><graph edgedefault="directed"><node id="&b;"/></graph></graphml>"""
FOREIGN = '<!DOCTYPE g SYSTEM "file:///etc/passwd"><graphml/>'
HEAD = '<graphml><graph edgedefault="directed"><node id="a"/>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "document type or entities"),
        (FOREIGN, "document type or entities"),
        (HEAD, "is damaged: line 1"),
        (HEAD + '<edge source="a" target="z"/></graph></graphml>', '"z", which is no node'),
        (HEAD + "<hyperedge/></graph></graphml>", "hyperedges"),
        (HEAD + '<edge source="a"/></graph></graphml>', "without source or target"),
        (HEAD + '<edge source="a" target="a"><data key="weight">x</data></edge></graph></graphml>', '"x" is no number'),
        ("<svg/>", "expected <graphml>"),
        ("<graphml/>", "holds no <graph>"),
        (HEAD + "<a>" * 100, "elements within elements"),
        ("\0\1\2", "is damaged"),
    ],
)
def test_graphml_that_is_refused(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        read_wiring(write(tmp_path / "g.graphml", text))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "1,2,3,4\n1,2,3,4\n", "square"),
        ("a.csv", "0,1,2\n1,nan,0\n0,1,0\n", 'row 2, column 2: "nan" is no number'),
        ("a.csv", "0,1,2\n1,x,0\n0,1,0\n", "no number"),
        ("a.csv", "", "empty"),
        ("a.csv", "# nothing\n\n", "holds no graph"),
        ("a.csv", "source,target,weight\na,b,x\n", "no number"),
        ("a.csv", "source,target,weight\na,b\n", "2 cells, expected at least 3"),
        ("a.csv", "source,target\na,\n", "without a name"),
        ("a.csv", "source,target,sign\na,b,maybe\n", "none of"),
        ("a.csv", "source,target,weight\na,b,inf\n", "NaN or infinite"),
        ("a.xyz", "1", "graphs are not read from"),
        ("a.npy", "no array", "no NumPy array"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path, name, text, said):
    with pytest.raises(DataError, match=said):
        read_wiring(write(tmp_path / name, text))


def test_options_that_do_not_fit(tmp_path):
    edges = write(tmp_path / "e.csv", "source,target\na,b\nb,c\n")
    with pytest.raises(SpecError, match='no column "Kind"'):
        read_wiring(edges, only={"Kind": ("x",)})
    with pytest.raises(SpecError, match='leave --key "x" out'):
        read_wiring(edges, "x")
    np.save(tmp_path / "a.npy", A)
    with pytest.raises(SpecError, match="--only chooses lines"):
        read_wiring(tmp_path / "a.npy", only={"Kind": ("x",)})


def test_a_damaged_sparse_matrix(tmp_path):
    sparse.save_npz(tmp_path / "s.npz", sparse.csr_array(A))
    with zipfile.ZipFile(tmp_path / "s.npz") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    buffer = io.BytesIO()
    np.save(buffer, np.array([0, 9, 1, 0, 1, 3], np.int32))
    parts["indices.npy"] = buffer.getvalue()
    with zipfile.ZipFile(tmp_path / "s.npz", "w") as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    with pytest.raises(DataError, match="damaged"):
        read_wiring(tmp_path / "s.npz")


def test_text_in_another_alphabet_is_refused_rather_than_merged(tmp_path):
    path = tmp_path / "lat.csv"
    path.write_bytes("source,target,weight\né,b,1\nb,è,1\nè,é,1\n".encode("latin-1"))
    with pytest.raises(DataError, match="UTF-8"):
        read_wiring(path)


def test_a_header_alone_is_no_edge(tmp_path):
    path = tmp_path / "head.csv"
    path.write_text("source,target,weight\n")
    assert len(read_wiring(path).source) == 0


def test_a_header_that_does_not_say_the_ends_is_refused(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text("id,source_x,target_x,weight\n1,a,b,3\n2,b,c,1\n3,c,a,1\n4,a,c,1\n5,d,a,1\n")
    with pytest.raises(DataError, match="source and target"):
        read_wiring(path)
    path.write_text("FromNodeId,ToNodeId\n1,2\n2,3\n3,1\n1,3\n")
    assert sorted(read_wiring(path).names) in (["1", "2", "3"], [])
    assert len(read_wiring(path).source) == 4
