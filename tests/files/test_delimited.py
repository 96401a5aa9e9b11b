import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsernn.errors import DataError, SpecError
from sparsernn.files.delimited import read_delimited
from sparsernn.files.series import read_series

ROWS = [[1.5, -2.0, 3e-3], [0.25, 7.0, -1.0], [4.0, 5.0, 6.5], [-8.0, 9.0, 1.0]]


def file(tmp_path, text, name="x.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def table(delimiter, header=None, end="\n"):
    lines = [delimiter.join(map(str, row)) for row in ROWS]
    return end.join([header] * (header is not None) + lines) + end


@pytest.mark.parametrize("delimiter", [",", ";", "\t", " ", "   ", ", ", "; "])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt", "CSV"])
def test_the_delimiter_is_found_out(tmp_path, delimiter, suffix):
    series = read_series(file(tmp_path, table(delimiter), f"x.{suffix}"))
    assert np.array_equal(series.values, ROWS)
    assert series.names == ("x0", "x1", "x2")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_headers(tmp_path, delimiter):
    header = delimiter.join(['"heart, rate; bpm"', " resp ", ""])
    series = read_series(file(tmp_path, table(delimiter, header)))
    assert series.names == ("heart, rate; bpm", "resp", "x2")
    assert np.array_equal(series.values, ROWS)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_byte_order_mark_comments_and_blank_lines(tmp_path, end):
    text = f"\ufeff# a comment, with, commas{end}" + table(",", "a,b,c", end) + f"{end}   {end}% the end{end}"
    series = read_series(file(tmp_path, text))
    assert series.names == ("a", "b", "c")
    assert np.array_equal(series.values, ROWS)


def test_latin_1_names_do_not_matter(tmp_path):
    assert read_series(file(tmp_path, table(",", "µV,b,c").encode("latin-1"))).names[1:] == ("b", "c")


def test_quoted_numbers(tmp_path):
    assert np.array_equal(
        read_series(file(tmp_path, '"1.5","2"\n"3","5"\n"1","0"\n')).values, [[1.5, 2], [3, 5], [1, 0]]
    )


def test_one_column(tmp_path):
    assert read_series(file(tmp_path, "1\n2\n3.5\n")).values.tolist() == [[1], [2], [3.5]]
    series = read_series(file(tmp_path, "heart rate\n61\n62\n63.5\n"))
    assert series.values.tolist() == [[61], [62], [63.5]]
    assert series.names == ("heart rate",)


def test_a_header_of_text_and_whole_numbers(tmp_path):
    """As pandas writes an unnamed frame with a named index."""
    series = read_series(file(tmp_path, "time,0,1\n3.5,1,2\n2.5,2,5\n1,7,4\n"))
    assert series.names == ("time", "0", "1")
    assert series.values.shape == (3, 3)


def test_a_first_line_with_a_typing_error_is_no_header(tmp_path):
    with pytest.raises(DataError, match=r'line 1, column "x1": "2\.o" is no number'):
        read_series(file(tmp_path, "1.0,2.o,3.0\n4,5,6\n7,8,8\n1,1,1\n"))


@pytest.mark.parametrize("header", ["when,a,b\n", ""])
def test_a_text_column_matters_only_when_chosen(tmp_path, header):
    text = header + "2020-01-01,1.5,2\n2020-01-02,2.5,4\n2020-01-03,2.0,7\n"
    path = file(tmp_path, text)
    assert read_series(path, columns=[1, 2]).values.tolist() == [[1.5, 2], [2.5, 4], [2, 7]]
    line = 2 if header else 1
    with pytest.raises(
        DataError, match=f'line {line}, column "(when|x0)": "2020-01-01" is no number; choose the columns'
    ):
        read_series(path)


def test_columns_by_name(tmp_path):
    path = file(tmp_path, table(",", "a,b,b"))
    assert read_series(path, columns=["b".replace("b", "a")]).values[:, 0].tolist() == [row[0] for row in ROWS]
    with pytest.raises(SpecError, match='2 columns are called "b"; choose by index'):
        read_series(path, columns=["b"])
    assert read_series(path, columns=[2, 0]).values.tolist() == [[row[2], row[0]] for row in ROWS]
    with pytest.raises(SpecError, match='no column "c"'):
        read_series(path, columns=["c"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n\n# note\n3\n4,5\n", "line 5: 1 cells where the lines above have 2"),
        ("a,b\n1,2\n3,4,5\n", "line 3: 3 cells"),
        ("1,2\n3,x\n5,6\n", r'line 2, column "x1": "x" is no number'),
        ("1,2\n3,1_000\n5,6\n", r'line 2, column "x1": "1_000" is no number'),
        ("1;2\n1,5;3\n5;6\n", r'"1,5" is no number; decimal commas'),
        ("a;b\n1,5;3,25\n2,5;3,5\n", r'"1,5" is no number; decimal commas'),
        ("a,b\n1,2\n,3\nNA,n/a\n5,6\n", r'3 values are missing.* row 1 .*column "a"'),
        ("a,b\n1,2\n1e999,3\n5,6\n", r'1 values are missing or not finite.* row 1 .*column "a"'),
        ("a,b\n", "0 data rows"),
        ("a,b\n1,2\n", "1 data rows"),
        ("\n\n# nothing\n", "every line is empty or a comment"),
        ("just\nsome\nprose\n", 'line 2, column "just": "some" is no number'),
        ('a,b\n1,"2\n3,4\n', "quotes"),
        ("a,b\n1,7\n2,7\n3,7\n", 'constant.*"b"'),
    ],
)
def test_defects_are_said_with_their_line(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_series(file(tmp_path, text))


def test_trailing_delimiters_make_a_missing_column(tmp_path):
    path = file(tmp_path, "1,2,\n3,4,\n9,1,\n")
    with pytest.raises(DataError, match="3 values are missing"):
        read_series(path)
    assert read_series(path, columns=[0, 1]).values.shape == (3, 2)


def test_utf_16_and_binary(tmp_path):
    for raw in ("1,2\n3,4\n".encode("utf-16"), bytes(range(256))):
        with pytest.raises(DataError, match="binary or UTF-16"):
            read_series(file(tmp_path, raw))


def test_a_million_columns_in_one_row(tmp_path, little_memory):
    path = file(tmp_path, ",".join(["1.5"] * 10**6))
    with little_memory(), pytest.raises(DataError, match=r"line 1 has more than 1,000,000 characters.*transposed"):
        read_series(path)


def test_twenty_thousand_columns_in_one_row(tmp_path, little_memory):
    path = file(tmp_path, ",".join("12" * 10_000))
    with little_memory(), pytest.raises(DataError, match=r"1 data rows and 20,000 columns.*transposed"):
        read_series(path)


def test_one_endless_quoted_cell(tmp_path, little_memory):
    path = file(tmp_path, '"' + "a,\n" * 10**6)
    with little_memory(), pytest.raises(DataError):
        read_series(path)


def test_large_files_are_read_exactly_and_in_little_memory(tmp_path, little_memory):
    x = np.random.default_rng(0).normal(size=(20_000, 10))
    np.savetxt(tmp_path / "x.csv", x, delimiter=",", fmt="%.17g")
    with little_memory(20):
        series = read_series(tmp_path / "x.csv")
    assert np.array_equal(series.values, x)


@settings(max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(alphabet='0123456789.,;\t \n\r"#%eE+-_nai', max_size=200).map(str.encode),
    )
)
def test_any_bytes_give_a_series_or_a_data_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        series = read_series(path)
    except DataError:
        return
    rows, columns = series.values.shape
    assert rows >= max(2, columns)
    assert np.isfinite(series.values).all()
    assert len(series.names) == columns


def test_a_row_of_units_below_the_names_is_passed_over(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text("angle,speed\n(rad),[rad/s]\n1,2\n3,4\n")
    table = read_delimited(path, None)
    assert table.names == ("angle", "speed")
    assert table.values.tolist() == [[1, 2], [3, 4]]
    path.write_text("angle,speed\nrad,[rad/s]\n1,2\n")
    with pytest.raises(DataError, match='line 2, column "angle": "rad" is no number'):
        read_delimited(path, None)


def test_the_note_on_the_delimiter_of_spreadsheets(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text("sep=;\na;b\n1;2\n3;4\n")
    assert read_delimited(path, None).values.tolist() == [[1, 2], [3, 4]]
