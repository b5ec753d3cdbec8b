"""Error pages, pointers, shortcuts and torsos in the place of a file: every door says what they really are."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import InputError, QuartiersatlasError
from quartiersatlas.intake.files.contents import what_it_is

SIGN_IN = "<!DOCTYPE html>\n<html><head><title>Anmelden &amp; weiter</title></head><body>Bitte anmelden</body></html>"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
WFS_ERROR = (
    '<?xml version="1.0" ?><ServiceExceptionReport version="1.2.0" xmlns="http://www.opengis.net/ogc">'
    "<ServiceException>msWFSDispatch(): WFS server error. Invalid layer</ServiceException></ServiceExceptionReport>"
)
OWS_ERROR = (
    '<?xml version="1.0"?><ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0">'
    "<ows:Exception><ows:ExceptionText>Feature type unknown</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"
)
BUCKET_ERROR = "<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
STAND_INS = {
    "page": (SIGN_IN, r"is a web page \(HTML\) and no .*'Anmelden & weiter'.*Open it in a browser"),
    "page after a comment": (f"<!-- cache -->{SIGN_IN}", r"is a web page"),
    "pointer": (POINTER, r"is a pointer to a file.*Git LFS.*git lfs pull"),
    "annex": ("/annex/objects/SHA256E-s123--abc.csv\n", r"is a pointer to a file"),
    "WFS": (WFS_ERROR, r"is the error message of a server.*'msWFSDispatch\(\).*Invalid layer'"),
    "OWS": (OWS_ERROR, r"is the error message of a server.*'Feature type unknown'"),
    "bucket": (BUCKET_ERROR, r"is the error message of a server.*Access Denied"),
    "error in JSON": ('{"error": {"code": 499, "message": "Token Required"}}', r"error message.*'Token Required'"),
    "error of a portal": ('{"success": false, "error": {"__type": "NotFound"}}', r"error message of a server"),
    "shortcut": (
        "[InternetShortcut]\r\nURL=https://daten.example/ew\r\n",
        r"is a shortcut.*'https://daten.example/ew'",
    ),
    "companion": (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \x00\x02", r"companion file of macOS"),
    "nothing": ("", r"is empty"),
    "blanks": (" \n\n", r"is empty"),
    "torso of an archive": (b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(200), r"end is missing.*broke off"),
    "line of a server": ("404: Not Found", r"is the error message of a server.*'404: Not Found'"),
    "line of another": ("Access denied\n", r"is the error message of a server.*'Access denied'"),
    "torso of JSON": (
        '{"type": "FeatureCollection", "features": [{"type": "Feat',
        r"is JSON whose end is missing.*broke",
    ),
    "torso of records": ('[{"nr": "01", "ew": 5}, {"nr": "0', r"is JSON whose end is missing"),
    "torso of GML": (
        '<?xml version="1.0"?>\n<wfs:FeatureCollection xmlns:wfs="w"><wfs:mem',
        r"XML or GML whose end is missing",
    ),
    "page as one file": ("MIME-Version: 1.0\nContent-Type: multipart/related\n", r"web page saved as one file"),
    "early workbook": (b"\x09\x08\x08\0\0\x05\x10\0" + bytes(50), r"workbook of an Excel before 1997"),
    "tar": (b"ew.csv" + bytes(251) + b"ustar\x0000" + bytes(300), r"is an archive \(tar.*Unpack it"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(40), r"is a picture"),
    "document": (b"%PDF-1.7\n%\xe2\xe3", r"is a PDF document"),
}
READERS = {"table": qa.read_table, "areas": qa.read_areas}


@pytest.mark.parametrize("ending", ["csv", "json", "geojson", "gpkg", "zip", "xlsx", "shp", "parquet"])
@pytest.mark.parametrize("content", STAND_INS)
@pytest.mark.parametrize("door", READERS)
def test_what_stands_in_the_place_of_a_file_is_refused_with_what_it_is(tmp_path, door, content, ending):
    held, message = STAND_INS[content]
    file = tmp_path / f"einwohner.{ending}"
    file.write_bytes(held if isinstance(held, bytes) else held.encode())
    with pytest.raises(InputError, match=rf"^einwohner\.{ending} .*{message}"):
        READERS[door](file, key="nr")


@pytest.mark.parametrize("content", STAND_INS)
def test_no_message_has_words_of_a_library(tmp_path, content):
    held, _ = STAND_INS[content]
    for ending in ("csv", "gpkg", "xls", "zip"):
        file = tmp_path / f"einwohner.{ending}"
        file.write_bytes(held if isinstance(held, bytes) else held.encode())
        for read in READERS.values():
            with pytest.raises(InputError) as caught:
                read(file, key="nr")
            assert not any(
                word in str(caught.value) for word in ("GDAL", "OLE", "vsizip", "<DRIVER>", "Cfb", "calamine")
            )


@pytest.mark.parametrize("ending", ["crdownload", "part", "partial", "download"])
def test_an_unfinished_download_is_told_by_its_name(tmp_path, ending):
    file = tmp_path / f"einwohner.csv.{ending}"
    file.write_text("nr;ew\n01;5\n")
    for read in READERS.values():
        with pytest.raises(InputError, match=r"unfinished download.*Let the browser finish it"):
            read(file, key="nr")


def test_a_protected_workbook_is_told_as_that(tmp_path):
    file = tmp_path / "einwohner.xlsx"
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(InputError, match=r"protected with a password and no table\..*save it without a password"):
        qa.read_table(file, key="nr")


def test_a_project_says_it_at_the_same_door(tmp_path):
    (tmp_path / "ew.csv").write_text(SIGN_IN)
    (tmp_path / "p.toml").write_text(
        '[areas]\npath = "a.gpkg"\nkey = "nr"\n[[tables]]\npath = "ew.csv"\nkey = "nr"\n', encoding="utf-8"
    )
    with pytest.raises(QuartiersatlasError, match=r"ew\.csv is a web page"):
        qa.check_project(tmp_path / "p.toml")


@pytest.mark.parametrize("name", ["~$einwohner.xlsx", ".~lock.einwohner.xlsx"])
def test_the_mark_of_an_open_workbook_is_told_by_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x04Anna" + bytes(160))
    with pytest.raises(InputError, match=r"is the mark that a workbook is open.*pass the file without '~\$'"):
        qa.read_table(tmp_path / name, key="nr")


def test_a_shapefile_or_dbase_table_that_broke_off_is_refused(tmp_path):
    shapes = [shapely.box(4e5 + 100 * n, 58e5, 4e5 + 100 * n + 100, 58e5 + 100) for n in range(50)]
    frame = gpd.GeoDataFrame({"nr": [f"{n:03}" for n in range(50)]}, geometry=shapes, crs=25833)
    frame.to_file(tmp_path / "a.shp")
    whole = {ending: (tmp_path / f"a.{ending}").read_bytes() for ending in ("shp", "dbf")}
    (tmp_path / "a.dbf").write_bytes(whole["dbf"][: len(whole["dbf"]) // 2])
    for read, name in ((qa.read_areas, "a.shp"), (qa.read_table, "a.shp"), (qa.read_table, "a.dbf")):
        with pytest.raises(
            InputError, match=r"a\.dbf holds \d+ rows and says itself that there are 50: the download broke"
        ):
            read(tmp_path / name, key="nr")
    (tmp_path / "a.dbf").write_bytes(whole["dbf"])
    (tmp_path / "a.shp").write_bytes(whole["shp"][:-500])
    with pytest.raises(InputError, match=r"a\.shp is shorter than it says itself"):
        qa.read_areas(tmp_path / "a.shp", key="nr")


# what is no stand-in


@pytest.mark.parametrize(
    "content",
    [
        "<nr>;ew\n01;5\n",
        "name;<b>ew</b>\nNord;5\n",
        "error;message\n01;5\n",
        "version https;ew\n01;5\n",
        "Rar!;BZh;ew\n01;5;6\n",
        "PAR1;fgb;ew\n01;5;6\n",
        "GIF8;PK;ew\n01;5;6\n",
        "[1];{2};ew\n[01];{5};6\n",
        "404;Not Found\n",
        "403\n405\n",
        "forbidden areas\tew\n01\t5\n",
    ],
)
def test_text_that_only_begins_like_something_else_is_text(tmp_path, content):
    file = tmp_path / "table.csv"
    file.write_text(content)
    assert what_it_is(file).kind == "text"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_text_of_any_encoding_is_text(tmp_path, encoding):
    file = tmp_path / "table.csv"
    file.write_bytes("Straße;Größe\nSüd;5\n".encode(encoding))
    assert what_it_is(file).kind == "text"


def test_a_letter_that_the_first_bytes_cut_in_two_does_not_change_what_a_file_is(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("nr;ew\n" + "ü" * 40_000 + ";5\n", encoding="utf-8")
    assert what_it_is(file).kind == "text"


@pytest.mark.parametrize(
    "content",
    [
        {"error": {"01": 1.5, "02": 2.5}, "estimate": {"01": 10, "02": 20}},  # margins of error by area
        {"errors": [], "data": [{"nr": "01", "ew": 5}]},
        {"error": None, "result": [{"nr": "01", "ew": 5}]},
        [{"nr": "01", "error": "2.5", "message": "geschätzt"}],
        {"message": ["a", "b"], "code": ["01", "02"]},
    ],
)
def test_data_with_a_column_called_error_is_data(tmp_path, content):
    file = tmp_path / "table.json"
    file.write_text(json.dumps(content))
    assert what_it_is(file).kind == "json"


def test_every_kind_that_is_read_is_known_by_its_content_whatever_it_is_called(tmp_path):
    frame = gpd.GeoDataFrame({"nr": ["01"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=25832)
    for name, driver in (("a.gpkg", "GPKG"), ("a.fgb", "FlatGeobuf"), ("a.gml", "GML"), ("a.shp", "ESRI Shapefile")):
        frame.to_file(tmp_path / name, driver=driver)
    pd.DataFrame({"nr": ["01"]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"nr": ["01"]}).to_excel(tmp_path / "a.xlsx")
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"nr;ew"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "nr;ew")
    (tmp_path / "a.zip").write_bytes(packed.getvalue())
    kinds = {}
    for ending in ("gpkg", "fgb", "gml", "shp", "parquet", "xlsx", "gz", "zip"):
        target = tmp_path / "anders.dat"
        target.write_bytes((tmp_path / f"a.{ending}").read_bytes())
        kinds[ending] = what_it_is(target).kind
    assert kinds == {
        "gpkg": "geopackage",
        "fgb": "flatgeobuf",
        "gml": "gml",
        "shp": "shapefile",
        "parquet": "parquet",
        "xlsx": "xlsx",
        "gz": "gzip",
        "zip": "zip",
    }
