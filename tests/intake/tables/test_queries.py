"""Database queries: SQLite always, PostgreSQL with PostGIS on a server of the test's own, where it is installed."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, DependencyError, InputError, KeyColumnError

ROWS = [("0101", 1893, 12.5, "-"), ("0102", None, 7.25, "."), ("0103", 0, 8.0, "17")]


@pytest.fixture
def lite():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (key TEXT, residents INTEGER, share REAL, marked TEXT)")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", ROWS)
    yield connection
    connection.close()


def test_a_query_is_read_like_a_file(lite):
    table = qa.read_query("SELECT * FROM t ORDER BY key", lite, key="key")
    assert list(table.values.index) == ["0101", "0102", "0103"]
    assert table.values["share"].tolist() == [12.5, 7.25, 8.0]
    assert table.status["residents"].tolist() == ["value", "missing", "zero"]
    assert table.status["marked"].tolist() == ["zero", "suppressed", "value"]
    assert table.problems["row"].tolist() == [2, 1, 2]
    assert repr(table).startswith("Table query: 3 rows, 3 columns (database)")


def test_the_result_joins_areas(lite, row):
    table = qa.read_query("SELECT key, share FROM t", lite, key="key")
    assert qa.join(row("0101", "0102", "0103"), table).report.source == "query"


def test_parameters_columns_and_layouts_are_those_of_a_file(lite):
    sql = "SELECT key, 'EW 2024' AS label, residents FROM t WHERE share > ?"
    table = qa.read_query(sql, lite, key="key", parameters=[8.5], pivot=("label", "residents"), years=None)
    assert table.values.to_dict() == {"EW 2024": {"0101": 1893.0}}


def test_keys_that_are_numbers_in_the_database_are_written_without_a_point(lite):
    table = qa.read_query("SELECT 101 AS key, 5 AS a UNION SELECT 102.0, 6", lite, key="key")
    assert list(table.values.index) == ["101", "102"]


def test_an_open_connection_stays_open(lite):
    qa.read_query("SELECT * FROM t", lite, key="key")
    assert lite.execute("SELECT count(*) FROM t").fetchone() == (3,)


@pytest.mark.parametrize(
    ("sql", "error", "message"),
    [
        ("SELECT * FROM nirgends", InputError, "The database refuses the query: no such table: nirgends"),
        ("SELECT * FROM t WHERE key = 'x'", InputError, "gives no rows"),
        ("CREATE TABLE u (a)", InputError, "has to be a SELECT"),
        ("SELECT key, share, share FROM t", ColumnError, "several columns 'share'"),
        ("SELECT NULL AS key, 5 AS a", KeyColumnError, "1 row has no key"),
    ],
)
def test_a_query_that_gives_no_table_is_refused(lite, sql, error, message):
    with pytest.raises(error, match=message):
        qa.read_query(sql, lite, key="key")


def test_what_is_no_connection_is_refused():
    with pytest.raises(ArgumentError, match=r"connection takes a SQLAlchemy engine .*, not 'int'"):
        qa.read_query("SELECT 1", 5, key="key")


def test_a_url_needs_sqlalchemy_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(DependencyError, match=r"pip install 'quartiersatlas\[sql\]'"):
        qa.read_query("SELECT 1", "sqlite://", key="key")


def test_engines_connections_and_urls_of_sqlalchemy(tmp_path):
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="sqlalchemy (extra sql) is not installed")
    file = tmp_path / "daten.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE t (key TEXT, a INTEGER)")
        connection.execute("INSERT INTO t VALUES ('01', 5), ('02', 6)")
    connection.close()
    url = f"sqlite:///{file}"
    engine = sqlalchemy.create_engine(url)
    sql = "SELECT * FROM t WHERE a > :least"
    with engine.connect() as opened:
        for source in (url, engine, opened):
            table = qa.read_query(sql, source, key="key", parameters={"least": 5})
            assert table.values["a"].to_dict() == {"02": 6.0}
    engine.dispose()
    with pytest.raises(InputError, match="no such table"):
        qa.read_query("SELECT * FROM u", url, key="key")


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("kein-url", InputError, "database URL is not understood"),
        ("sqlite:////kein/ordner/datei", InputError, "database (cannot be reached|refuses the query)"),
        (
            "postgresql+psycopg2cffi://x@localhost/y",
            DependencyError,
            "driver of 'postgresql.psycopg2cffi' is not installed",
        ),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(url, error, message):
    pytest.importorskip("sqlalchemy", reason="sqlalchemy (extra sql) is not installed")
    with pytest.raises(error, match=message):
        qa.read_query("SELECT 1", url, key="key")


def test_adbc_reads_sqlite():
    adbc = pytest.importorskip("adbc_driver_sqlite.dbapi", reason="the ADBC driver is not installed")
    with adbc.connect() as connection:
        table = qa.read_query("SELECT '01' AS key, 5 AS a UNION ALL SELECT '02', NULL", connection, key="key")
    assert table.status["a"].tolist() == ["value", "missing"]


@contextmanager
def postgresql():
    """Start PostgreSQL on loopback on a free port in a temporary folder; give its address, and leave nothing."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[4]))
    if not programs:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql, postgresql-postgis)")
    if os.geteuid() == 0 and "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    binaries, folder = programs[-1].parent, Path(tempfile.mkdtemp(prefix="quartiersatlas-"))
    try:
        if user:
            shutil.chown(folder, "postgres", "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        run = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
        data = folder / "data"
        setup = [binaries / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(setup, check=True, **run)
        command = [binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-F"]
        started = subprocess.Popen(command, **run)
        try:
            ready = [
                binaries / "pg_isready",
                "-q",
                "-h",
                "127.0.0.1",
                "-p",
                str(port),
                "-U",
                "tester",
                "-d",
                "postgres",
            ]
            for _ in range(100):
                if subprocess.run(ready, check=False, **run).returncode == 0:
                    break
                assert started.poll() is None, "PostgreSQL stopped at once"
                time.sleep(0.1)
            yield f"tester@127.0.0.1:{port}/postgres"
        finally:
            stopped_fast(started)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stopped_fast(started):
    """Stop a server without waiting for those who are still connected; what is left after that is killed."""
    started.send_signal(signal.SIGINT)  # "fast": SIGTERM would wait until the last connection is closed
    try:
        started.wait(timeout=10)
    except subprocess.TimeoutExpired:
        started.send_signal(signal.SIGQUIT)  # "immediate"
        started.wait(timeout=10)


@pytest.fixture(scope="module")
def server():
    with postgresql() as address:
        yield address


def filled(address, extension="postgis"):
    """Fill a server with two districts and the persons in them, or skip; the connection is closed either way."""
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="sqlalchemy (extra sql) is not installed")
    pytest.importorskip("pg8000", reason="pg8000, a driver for PostgreSQL, is not installed")
    engine = sqlalchemy.create_engine(f"postgresql+pg8000://{address}", poolclass=sqlalchemy.pool.NullPool)
    available = sqlalchemy.text("SELECT 1 FROM pg_available_extensions WHERE name = :name")
    try:
        with engine.begin() as connection:
            if connection.execute(available, {"name": extension}).first() is None:
                pytest.skip("PostGIS is not installed (Debian: postgis, postgresql-postgis)")
            for statement in SETUP.split(";"):
                connection.execute(sqlalchemy.text(statement))
    finally:
        engine.dispose()
    return address


@pytest.fixture(scope="module")
def postgis(server):
    return filled(server)


def test_without_postgis_the_tests_skip_with_the_reason_and_no_connection_stays_open(server):
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="sqlalchemy (extra sql) is not installed")
    with pytest.raises(pytest.skip.Exception, match="PostGIS is not installed"):
        filled(server, extension="no_such_extension")
    engine = sqlalchemy.create_engine(f"postgresql+pg8000://{server}", poolclass=sqlalchemy.pool.NullPool)
    others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        for _ in range(50):  # the server notes the end of a connection a moment later
            if (left := connection.execute(sqlalchemy.text(others)).scalar()) == 0:
                break
            time.sleep(0.1)
    engine.dispose()
    assert left == 0


def test_the_server_stops_at_once_with_a_connection_open_and_leaves_no_process_and_no_folder():
    pg8000 = pytest.importorskip("pg8000.native", reason="pg8000, a driver for PostgreSQL, is not installed")
    with postgresql() as address:
        user, _, place = address.partition("@")
        host, _, port = place.removesuffix("/postgres").partition(":")
        connection = pg8000.Connection(user, host=host, port=int(port), database="postgres")
        (folder,) = connection.run("SHOW data_directory")[0]
        pid = int(Path(folder, "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        begun = time.monotonic()
    assert time.monotonic() - begun < 9
    assert not Path(folder).parent.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with contextlib.suppress(Exception):  # the server is gone
        connection.close()


# four persons in the first square of 100 m, one in the second, one outside of both
SETUP = """
CREATE EXTENSION postgis;
CREATE TABLE plr (key text, name text, share numeric(6, 3), shape geometry(Polygon, 25832));
INSERT INTO plr VALUES ('0101', 'Große Höfe', 18.217, ST_MakeEnvelope(500000, 5700000, 500100, 5700100, 25832)),
    ('0102', 'Süd', NULL, ST_MakeEnvelope(500100, 5700000, 500200, 5700100, 25832));
CREATE TABLE persons (mh boolean, place geometry(Point, 25832));
INSERT INTO persons SELECT x < 500040, ST_SetSRID(ST_MakePoint(x, 5700050), 25832)
    FROM unnest(ARRAY[500010, 500020, 500030, 500090, 500150, 500950]) AS x
"""
SPATIAL = (
    "SELECT plr.key, name, share, count(*) AS residents, count(*) FILTER (WHERE mh) AS mh, ST_Area(shape) AS area "
    "FROM plr JOIN persons ON ST_Contains(shape, place) GROUP BY plr.key, name, share, shape ORDER BY plr.key"
)


def check_spatial(table):
    assert table.values["residents"].to_dict() == {"0101": 4.0, "0102": 1.0}
    assert table.values["mh"].tolist() == [3.0, 0.0]
    assert table.status.loc["0102"].to_dict() == {
        "name": "value", "share": "missing", "residents": "value", "mh": "zero", "area": "value",
    }  # fmt: skip
    assert table.values.loc["0101", ["name", "share", "area"]].tolist() == ["Große Höfe", 18.217, 10_000.0]


def test_a_spatial_query_on_postgis_is_read_by_url(postgis):
    check_spatial(qa.read_query(SPATIAL, f"postgresql+pg8000://{postgis}", key="key"))


def test_a_spatial_query_on_postgis_is_read_by_adbc(postgis):
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="the ADBC driver is not installed")
    with adbc.connect(f"postgresql://{postgis}") as connection:
        check_spatial(qa.read_query(SPATIAL, connection, key="key"))


def test_an_exact_number_of_the_database_is_a_number(postgis):
    table = qa.read_query("SELECT key, share FROM plr", f"postgresql+pg8000://{postgis}", key="key")
    assert table.values.loc["0101", "share"] == 18.217  # by its type: as text it might be eighteen thousand


@pytest.mark.usefixtures("postgis")
def test_a_server_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="The database cannot be reached"):
        qa.read_query("SELECT 1 AS key", "postgresql+pg8000://tester@127.0.0.1:1/postgres", key="key")
