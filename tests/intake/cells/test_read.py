"""Published census grids: every mark decided, nothing read as zero in silence."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, InputError, KeyColumnError, NumberError, SpecError
from quartiersatlas.intake.cells.layouts import cell_layout, layout_of_columns
from quartiersatlas.intake.cells.read import STATES, read_cell_file

# the six files as they are published, with the answers that come with them: tests below read the originals, too
Z22 = "GITTER_ID_100m;x_mp_100m;y_mp_100m;Einwohner\nCRS3035RES100mN2689100E4337000;4337050;2689150;4\n"
AGE = (
    "GITTER_ID_100m;x_mp_100m;y_mp_100m;Durchschnittsalter;werterlaeuternde_Zeichen\n"
    "CRS3035RES100mN2689100E4337000;4337050;2689150;36,75;\n"
    "CRS3035RES100mN2689100E4341100;4341150;2689150;39,78;KLAMMERN\n"
    "CRS3035RES100mN2690800E4341200;4341250;2690850;–;\n"
)
SPITZE = (
    "Gitter_ID_1km;x_mp_1km;y_mp_1km;Einwohner;Auslaender_A\n"
    "1kmN2684E4334;4334500;2684500;-1;-1\n1kmN2689E4337;4337500;2689500;42;-9\n1kmN2690E4337;4337500;2690500;1250;7,3\n"
)
LONG = (
    "Gitter_ID_100m;Gitter_ID_100m_neu;Merkmal;Auspraegung_Code;Auspraegung_Text;Anzahl;Anzahl_q\n"
    "100mN26865E43357;CRS3035RES100mN2686500E4335700; INSGESAMT;0;Einheiten;8;0\n"
    "100mN26865E43357;CRS3035RES100mN2686500E4335700;STAATSANGE_KURZ;2;Ausl\xe4nder;3;0\n"
    "100mN26866E43357;CRS3035RES100mN2686600E4335700; INSGESAMT;0;Einheiten;5;1\n"
)


@pytest.fixture
def read(tmp_path):
    def read_text(text, layout="zensus2022", size=100, columns=None, symbols=None, encoding="utf-8", name="t.csv"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return read_cell_file(tmp_path / name, cell_layout(layout).with_symbols(symbols), size, columns)

    return read_text


def values(table, name):
    return [None if value == -1 or value != value else value for value in table.values[name].tolist()]  # noqa: PLR0124


def states(table, name):
    return [STATES[state] for state in table.states[name]]


@pytest.mark.shared_data
def test_published_formats_are_read_as_they_have_to_be(shared):
    folder = shared / "nation" / "formats"
    known = json.loads((shared / "nation" / "formats_known.json").read_text())

    def of(name, layout, size, **options):
        return read_cell_file(folder / name, cell_layout(layout).with_symbols(options.get("symbols")), size, None)

    pop, want = of("z22_pop.csv", "zensus2022", 100), known["z22_pop.csv"]
    assert (np.c_[pop.x, pop.y] * want["cell_size"]).tolist() == want["corner"]
    assert (values(pop, "residents"), states(pop, "residents")) == (want["Einwohner"], want["status"])
    age, want = of("z22_age.csv", "zensus2022", 100), known["z22_age.csv"]
    assert (values(age, "mean_age"), states(age, "mean_age")) == (want["Durchschnittsalter"], want["status"])
    old, want = of("z11_pop.csv", "zensus2011", 100, symbols={"-1": "zero"}), known["z11_pop.csv"]
    assert (np.c_[old.x, old.y] * 100).tolist() == want["corner"]
    assert values(old, "residents") == want["Einwohner"]
    undecided = of("z11_pop.csv", "zensus2011", 100)
    assert (values(undecided, "residents"), undecided.notes) == (
        [8],
        ["z11_pop.csv: 2 cells without any value left out"],
    )
    top, want = of("z11_spitze_1km.csv", "zensus2011", 1000), known["z11_spitze_1km.csv"]
    # the first cell has no value at all, and is left out
    assert values(top, "foreign_share") == want["Auslaender_A"][1:]
    assert states(top, "foreign_share") == want["status"][1:]
    long, want = of("z11_long.csv", "zensus2011_long", 100), known["z11_long.csv"]
    assert {name: values(long, name) for name in long.values} == {
        k: want[k] for k in ("INSGESAMT 0", "STAATSANGE_KURZ 2")
    }
    assert states(long, "INSGESAMT 0") == ["value", "unreliable"]
    europe, want = of("estat.csv", "eurostat", 1000), known["estat.csv"]
    for name, column in (("residents", "T"), ("employed", "EMP"), ("born_abroad", "born_abroad")):
        assert values(europe, name) == want[column]
    assert values(europe, "born_known") == [0, 23, 438]


@pytest.mark.shared_data
def test_a_table_of_the_same_files_has_the_same_states(shared):
    folder = shared / "nation" / "formats"
    known = json.loads((shared / "nation" / "formats_known.json").read_text())
    for file, key, column in (
        ("z22_pop.csv", "GITTER_ID_100m", "Einwohner"),
        ("z22_age.csv", "GITTER_ID_100m", "Durchschnittsalter"),
        ("z11_spitze_1km.csv", "Gitter_ID_1km", "Auslaender_A"),
    ):
        table = qa.read_table(folder / file, key=key)
        assert table.status[column].tolist() == known[file]["status"]
        assert table.values[column].replace({np.nan: None}).tolist() == known[file][column]
    long = qa.read_table(
        folder / "z11_long.csv", key="Gitter_ID_100m", pivot=(["Merkmal", "Auspraegung_Code"], "Anzahl")
    )
    assert long.status["INSGESAMT 0"].tolist() == ["value", "unreliable"]


def test_a_table_reads_no_dash_of_a_mean_as_zero_and_keeps_the_flag(tmp_path):
    (tmp_path / "age.csv").write_text(AGE, encoding="utf-8")
    table = qa.read_table(tmp_path / "age.csv", key="GITTER_ID_100m")
    assert table.status["Durchschnittsalter"].tolist() == ["value", "unreliable", "suppressed"]
    assert table.status["x_mp_100m"].tolist() == ["value"] * 3
    assert "werterlaeuternde_Zeichen" not in table.values
    assert any("marks 1 row" in note for note in table.notes)
    decided = qa.read_table(tmp_path / "age.csv", key="GITTER_ID_100m", symbols={"–": "zero"})
    assert decided.status["Durchschnittsalter"].tolist() == ["value", "unreliable", "zero"]
    by_name = qa.read_table(tmp_path / "age.csv", key="GITTER_ID_100m", symbols="din55301")
    assert by_name.status["Durchschnittsalter"].tolist()[2] == "zero"
    (tmp_path / "own.csv").write_text(AGE.replace("GITTER_ID_100m", "cell"), encoding="utf-8")
    own = qa.read_table(tmp_path / "own.csv", key="cell", symbols="zensus2022")
    assert own.status["Durchschnittsalter"].tolist()[2] == "suppressed"
    (tmp_path / "top.csv").write_text(SPITZE, encoding="utf-8")
    top = qa.read_table(tmp_path / "top.csv", key="Gitter_ID_1km")
    assert top.status["Auslaender_A"].tolist() == ["missing", "suppressed", "value"]


def test_the_member_of_the_size_is_read_and_others_are_named(tmp_path):
    def packed(*names):
        with zipfile.ZipFile(tmp_path / "theme.zip", "w") as archive:
            for name in names:
                archive.writestr(name, Z22.encode())
        return tmp_path / "theme.zip"

    layout = cell_layout("zensus2022")
    three = packed("Z_10km-Gitter.csv", "Z_1km-Gitter.csv", "Z_100m-Gitter.csv", "readme.xlsx")
    table = read_cell_file(three, layout, 100, None)
    assert (table.source, values(table, "residents")) == ("Z_100m-Gitter.csv in theme.zip", [4])
    with pytest.raises(InputError, match=r"several members.*'a_100m.csv', 'b_100m.csv'"):
        read_cell_file(packed("a_100m.csv", "b_100m.csv"), layout, 100, None)
    with pytest.raises(InputError, match=r"no member with cells of 100 m; it holds 'a_1km.csv'"):
        read_cell_file(packed("a_1km.csv"), layout, 100, None)
    with pytest.raises(InputError, match="holds no table"):
        read_cell_file(packed("readme.xlsx"), layout, 100, None)
    three.write_bytes(three.read_bytes()[:40])
    with pytest.raises(InputError, match="damaged"):
        read_cell_file(three, layout, 100, None)


def test_long_tables_of_2011_come_with_commas_and_in_latin_letters(read):
    table = read(LONG.replace(";", ","), "zensus2011_long", encoding="latin-1")
    assert values(table, "STAATSANGE_KURZ 2") == [3, None]
    named = read(LONG, "zensus2011_long", columns={"all": "INSGESAMT 0"}, encoding="latin-1")
    assert values(named, "all") == [8, 5]
    with pytest.raises(ColumnError, match=r"INSGESAMT 1.*Did you mean 'INSGESAMT 0'|has no column 'INSGESAMT 1'"):
        read(LONG, "zensus2011_long", columns={"all": "INSGESAMT 1"}, encoding="latin-1")
    with pytest.raises(KeyColumnError, match="'INSGESAMT 0' in several rows"):
        read(LONG + LONG.splitlines()[1] + "\n", "zensus2011_long", encoding="latin-1")


def test_blocks_of_a_file_make_no_difference(read, monkeypatch):
    rows = [
        f"CRS3035RES100mN{100 * k}E4337000;1;1;{'–' if k % 7 == 0 else k};{'KLAMMERN' if k % 5 == 0 else ''}"
        for k in range(3000)
    ]
    text = "GITTER_ID_100m;x_mp_100m;y_mp_100m;Einwohner;werterlaeuternde_Zeichen\n" + "\n".join(rows) + "\n"
    whole = read(text)
    monkeypatch.setattr("quartiersatlas.intake.cells.read.BLOCK", 2000)
    parts = read(text)
    for one, other in ((whole.x, parts.x), (whole.y, parts.y), (whole.values["residents"], parts.values["residents"])):
        assert np.array_equal(one, other)
    assert np.array_equal(whole.states["residents"], parts.states["residents"])
    assert whole.counts_of_states("residents") == {"value": 2057, "suppressed": 429, "unreliable": 514}
    late = text.replace(";2999;", ";29,5;").replace("Einwohner", "Mystery")  # decimals only in the last block
    assert read(late).is_mean("Mystery")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (Z22.replace(";4\n", ";few\n"), NumberError, "'few' .1 cell. that are no numbers, first in line 2"),
        (Z22.replace(";4\n", ";-5\n"), CountError, "negative numbers: '-5'"),
        (Z22.replace("CRS3035RES100mN", "N"), KeyColumnError, "line 2 has .*, which is no code of a cell"),
        (Z22.replace("RES100m", "RES1000m"), SpecError, "a cell of 1000 m, and size is 100"),
        (Z22.replace("E4337000", "E4337050"), KeyColumnError, "not the lower left corner"),
        (Z22 + Z22.splitlines()[1] + "\n", KeyColumnError, "1 cell is there more than once, .* in line 3"),
        (Z22.replace("GITTER_ID_100m", "id"), ColumnError, "has no column 'GITTER_ID_100m'"),
        ("", InputError, "empty"),
        (AGE.replace("KLAMMERN", "KREUZ"), NumberError, "'KREUZ' .1 cell.; the layout knows 'KLAMMERN'"),
        (Z22.replace(";4\n", ";4;9\n"), InputError, "cannot be read"),
    ],
)
def test_files_that_are_something_else_are_refused_with_row_and_text(read, text, error, message):
    with pytest.raises(error, match=message):
        read(text)


def test_layouts_are_known_by_name_by_header_and_from_a_file(tmp_path, read):
    assert layout_of_columns(["GITTER_ID_100m"]) == "zensus2022"
    assert layout_of_columns(LONG.splitlines()[0].split(";")) == "zensus2011_long"
    assert layout_of_columns(["id", "Einwohner"]) == ""
    with pytest.raises(SpecError, match=r"no layout 'eurostatt'. Did you mean"):
        cell_layout("eurostatt")
    (tmp_path / "own.toml").write_text('id = "cell"\ncolumns = { residents = "n" }\n')
    table = read("cell,n\nCRS3035RES100mN100E200,7\n", str(tmp_path / "own.toml"))
    assert (values(table, "residents"), table.x.tolist(), table.y.tolist()) == ([7], [2], [1])
    (tmp_path / "bad.toml").write_text("columns = {}\n")
    with pytest.raises(SpecError, match="id names the column"):
        cell_layout(tmp_path / "bad.toml")
    with pytest.raises(SpecError, match="cannot mean 'one'"):
        cell_layout("zensus2022").with_symbols({"–": "one"})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_letters_of_two_bytes_are_known_with_and_without_their_mark(tmp_path, encoding):
    file = tmp_path / "Bevoelkerungszahl_1km-Gitter.csv"
    rows = "CRS3035RES1000mN2689000E4337000;4337500;2689500;12\nCRS3035RES1000mN2690000E4337000;4337500;2690500;–\n"
    file.write_bytes(("GITTER_ID_1km;x_mp_1km;y_mp_1km;Einwohner\n" + rows).replace("\n", "\r\n").encode(encoding))
    cells = read_cell_file(file, cell_layout("zensus2022"), 1000, None)
    assert (cells.x.tolist(), cells.y.tolist()) == ([4337, 4337], [2689, 2690])
    assert cells.values["residents"].tolist() == [12, -1]
    assert cells.notes == ([f"{file.name}: read as {encoding}"] if encoding != "utf-8-sig" else [])
