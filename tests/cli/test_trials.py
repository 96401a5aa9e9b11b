import json

SMALL = ("--set", "tasks=[go, dms]", "--set", "units=8", "--set", "dt=100", "--set", "held_out=3")


def test_a_page_of_a_task_by_its_name(cli, tmp_path):
    said = cli("trials", "cognitive", *SMALL, "--out", str(tmp_path / "page.html"), "--json")
    assert said.code == 0
    found = json.loads(said.out)
    assert {name: len(titles) for name, titles in found["trials"].items()} == {"Go": 2, "DMS": 2}
    assert "performance of never answering" in found["reference"]
    assert "<h2>DMS</h2>" in (tmp_path / "page.html").read_text()


def test_a_page_of_the_task_of_a_spec(cli, tmp_path):
    spec = tmp_path / "spec.yaml"
    spec.write_text("task: {adding: {length: 6, held_out: 4}}\nnetwork: {rnn: {hidden: 4}}\nepochs: 1\n")
    out = tmp_path / "page.html"
    said = cli("trials", str(spec), "--set", "task.adding.length=8", "--count", "1", "--out", str(out))
    assert said.code == 0
    assert f"page: {out}" in said.out
    assert "mse of always answering 1" in said.out


def test_what_cannot_be_drawn_is_said(cli, tmp_path):
    assert "did you mean" in cli("trials", "cognitiv").err
    assert cli("trials", "cognitive", "--set", "tasks=[go, dsm]").code == 2
    assert cli("trials", "cognitive", "--out", str(tmp_path / "page.txt")).code == 2
    assert cli("trials", "nowhere.yaml").code in (2, 4)
    (tmp_path / "book.txt").write_text("a b c d\n" * 50)
    said = cli("trials", "language", "--set", f"file={tmp_path / 'book.txt'}", "--set", "sequence=3", "--set", "rows=2")
    assert said.code == 2
    assert "nothing to draw" in said.err
