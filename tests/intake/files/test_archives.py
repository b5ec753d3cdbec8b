"""Archives: the one file that is meant, or a list; nothing leads out of the folder, nothing fills the disk."""

from __future__ import annotations

import gzip
import struct
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import InputError
from quartiersatlas.intake.files import archives


@pytest.fixture
def shapefile(tmp_path):
    """Write a shapefile; give its parts by ending."""

    def write(name="quartiere", key="07"):
        folder = tmp_path / "roh"
        folder.mkdir(exist_ok=True)
        shapes = [shapely.box(400_000, 5_800_000, 401_000, 5_801_000)]
        gpd.GeoDataFrame({"QNR": [key], "EW": [321]}, geometry=shapes, crs="EPSG:25833").to_file(folder / f"{name}.shp")
        return {part.suffix: part.read_bytes() for part in folder.glob(f"{name}.*")}

    return write


@pytest.fixture
def pack(tmp_path):
    """Write a zip archive with the files given."""

    def write(files, name="download.zip"):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for inside, content in files.items():
                archive.writestr(inside, content)
        return tmp_path / name

    return write


def in_folder(parts, folder="Quartiere_2024/shape/", name="quartiere"):
    return {f"{folder}{name}{ending}": content for ending, content in parts.items()}


def test_a_shapefile_in_a_folder_of_an_archive_is_read_with_a_note(shapefile, pack):
    file = pack({"Quartiere_2024/": b"", "Quartiere_2024/liesmich.pdf": b"%PDF", **in_folder(shapefile())})
    areas = qa.read_areas(file, key="QNR")
    assert areas.index.tolist() == ["07"]
    assert areas.area.tolist() == [1_000_000.0]
    assert areas.crs == "EPSG:25833"
    assert areas["read_notes"].tolist() == ["quartiere.shp in the archive download.zip was read"]


def test_its_columns_are_a_table(shapefile, pack):
    table = qa.read_table(pack(in_folder(shapefile())), key="QNR")
    assert table.values["EW"].to_dict() == {"07": 321.0}
    assert "quartiere.shp in the archive download.zip was read" in table.notes


def test_what_macos_and_windows_put_beside_is_no_second_file(shapefile, pack):
    parts = in_folder(shapefile())
    beside = {"__MACOSX/Quartiere_2024/shape/quartiere.shp": b"\0\5\x16\7", "Quartiere_2024/.DS_Store": b"x"}
    assert qa.read_areas(pack(parts | beside), key="QNR").index.tolist() == ["07"]


def test_endings_in_capitals_belong_together(shapefile, pack):
    parts = {f"QUARTIERE{ending.upper()}": content for ending, content in shapefile().items()}
    assert qa.read_areas(pack(parts), key="QNR").crs == "EPSG:25833"


def test_of_several_layers_one_has_to_be_named_and_the_advice_works(shapefile, pack):
    bezirke = in_folder(shapefile("bezirke", key="1"), name="bezirke")
    file = pack(in_folder(shapefile()) | bezirke)
    with pytest.raises(InputError) as caught:
        qa.read_areas(file, key="QNR")
    message = str(caught.value)
    assert (
        "2 files that can be read: 'Quartiere_2024/shape/quartiere.shp', 'Quartiere_2024/shape/bezirke.shp'" in message
    )
    advice = message.split("such as layer=")[1].rstrip(".").strip("'")
    assert qa.read_areas(file, key="QNR", layer=advice).index.tolist() == ["07"]
    assert qa.read_areas(file, key="QNR", layer="bezirke").index.tolist() == ["1"]
    with pytest.raises(InputError, match="None of them, or several, are called 'strassen'"):
        qa.read_areas(file, key="QNR", layer="strassen")


def test_an_archive_in_an_archive_is_said(shapefile, pack):
    inner = pack(in_folder(shapefile()), name="innen.zip").read_bytes()
    with pytest.raises(InputError, match=r"holds another archive: 'daten/innen\.zip'\. Unpack it"):
        qa.read_areas(pack({"daten/innen.zip": inner}), key="QNR")


@pytest.mark.parametrize(("absent", "said"), [(".shx", r"without the \.shx file"), (".dbf", r"without the \.dbf file")])
def test_a_part_that_was_not_packed_is_named(shapefile, pack, absent, said):
    parts = in_folder({ending: content for ending, content in shapefile().items() if ending != absent})
    with pytest.raises(InputError, match=rf"quartiere\.shp in download\.zip is a shapefile {said}"):
        qa.read_areas(pack(parts), key="QNR")


def test_a_part_that_is_missing_beside_a_shapefile_is_named_as_well(shapefile, tmp_path):
    shapefile()
    (tmp_path / "roh" / "quartiere.shx").unlink()
    for read in (qa.read_areas, qa.read_table):
        with pytest.raises(InputError, match=r"^quartiere\.shp is a shapefile without the \.shx file"):
            read(tmp_path / "roh" / "quartiere.shp", key="QNR")


def test_without_a_prj_the_reference_system_is_asked_for(shapefile, pack):
    parts = in_folder({ending: content for ending, content in shapefile().items() if ending != ".prj"})
    with pytest.raises(InputError, match=r"does not say its coordinate reference system.*crs='EPSG:25833'"):
        qa.read_areas(pack(parts), key="QNR")


def test_an_archive_with_nothing_to_read_lists_what_it_holds(pack):
    with pytest.raises(InputError, match=r"nothing that is read here.*It holds: 'bilder/karte\.png'"):
        qa.read_areas(pack({"bilder/karte.png": b"\x89PNG"}), key="QNR")
    with pytest.raises(InputError, match="archive without files"):
        qa.read_table(pack({"leer/": b""}), key="QNR")


def test_one_table_in_an_archive_is_read_and_of_several_one_has_to_be_named(pack):
    one = {"2024/ew.csv": "QNR;EW\n07;1\n", "2024/lies mich.txt": "Hinweise"}
    assert qa.read_table(pack(one), key="QNR").values["EW"].tolist() == [1.0]
    several = pack(one | {"2023/ew.csv": "QNR;EW\n07;2\n"})
    with pytest.raises(InputError, match=r"2 files that can be read: '2024/ew\.csv', '2023/ew\.csv'\. Name one"):
        qa.read_table(several, key="QNR")
    assert qa.read_table(several, key="QNR", layer="2023/ew.csv").values["EW"].tolist() == [2.0]


def test_an_archive_called_csv_is_read_as_what_it_is(pack):
    file = pack({"ew.csv": "QNR;EW\n07;1\n"}, name="ew.csv")
    assert qa.read_table(file, key="QNR").values["EW"].tolist() == [1.0]


@pytest.mark.parametrize("name", ["ew.csv.gz", "ew.csv"])
def test_a_compressed_text_is_read_with_a_note(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(b"QNR;EW\n07;1.234\n08;950,5\n"))
    table = qa.read_table(tmp_path / name, key="QNR")
    assert table.values["EW"].tolist() == [1234.0, 950.5]
    assert f"{name} is a file compressed with gzip: it was unpacked and read" in table.notes


def test_a_compressed_geojson_is_read(tmp_path, write):
    plain = write("geojson", PLR=["01"])
    packed = tmp_path / "gebiete.geojson.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert qa.read_areas(packed, key="PLR").index.tolist() == ["01"]


def test_a_path_that_leads_out_of_the_archive_writes_nothing_there(tmp_path, shapefile, pack):
    parts = {f"../../../ausbruch{ending}": content for ending, content in shapefile().items()}
    before = set(tmp_path.parent.parent.rglob("ausbruch*"))
    assert qa.read_areas(pack(parts), key="QNR").index.tolist() == ["07"]
    assert set(tmp_path.parent.parent.rglob("ausbruch*")) == before
    absolute = {f"{tmp_path}/ausbruch{ending}": content for ending, content in shapefile().items()}
    assert qa.read_areas(pack(absolute, name="b.zip"), key="QNR").index.tolist() == ["07"]
    assert set(tmp_path.parent.parent.rglob("ausbruch*")) == before


def test_a_geodatabase_in_an_archive_is_read_and_keeps_its_files_inside(tmp_path, pack):
    folder = tmp_path / "stadt.gdb"
    shape = shapely.box(400_000, 5_800_000, 401_000, 5_801_000)
    gpd.GeoDataFrame({"QNR": ["07"]}, geometry=[shape], crs="EPSG:25833").to_file(folder, driver="OpenFileGDB")
    parts = {f"daten/stadt.gdb/{part.name}": part.read_bytes() for part in folder.iterdir()}
    parts["daten/stadt.gdb/../../ausbruch.lock"] = b"x"
    before = set(Path(tempfile.gettempdir()).glob("ausbruch*"))
    assert qa.read_areas(pack(parts), key="QNR").index.tolist() == ["07"]
    assert set(Path(tempfile.gettempdir()).glob("ausbruch*")) == before


def test_an_archive_that_would_fill_the_disk_is_refused(pack, monkeypatch):
    monkeypatch.setattr(archives, "PACKED", 1 << 20)
    file = pack({"ew.csv": b"QNR;EW\n" + b"0" * (3 << 20)})
    with pytest.raises(InputError, match=r"would unpack to more than 0\.0 GB.*no ordinary file"):
        qa.read_table(file, key="QNR")
    compressed = file.with_name("ew.csv.gz")
    compressed.write_bytes(gzip.compress(b"0" * (3 << 20)))
    with pytest.raises(InputError, match="no ordinary file"):
        qa.read_table(compressed, key="QNR")


def test_a_file_that_is_longer_than_the_archive_says_is_damaged(pack):
    file = pack({"ew.csv": "QNR;EW\n" + "07;1\n" * 1000})
    raw = bytearray(file.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", raw, raw.find(signature) + offset, 10)
    file.write_bytes(raw)
    with pytest.raises(InputError, match="damaged zip archive"):
        qa.read_table(file, key="QNR")


def test_an_archive_with_a_password_is_said(pack):
    file = pack({"ew.csv": "QNR;EW\n07;1\n"})
    raw = bytearray(file.read_bytes())
    raw[raw.find(b"PK\x03\x04") + 6] |= 1
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(raw)
    with pytest.raises(InputError, match="protected with a password"):
        qa.read_table(file, key="QNR")
