"""Departures of a timetable: the toy feed of the known answers, and each way in which feeds go wrong."""

from __future__ import annotations

import zipfile

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, GeometryError, InputError, SpecError

# acting/gtfs_toy and gtfs_known.json
TOY = {
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "WD,1,1,1,1,1,0,0,20260101,20261231\nSA,0,0,0,0,0,1,0,20260101,20261231\n",
    "calendar_dates": "service_id,date,exception_type\nWD,20261006,2\nSP,20261006,1\n",
    "frequencies": "trip_id,start_time,end_time,headway_secs\nf,07:00:00,09:00:00,1800\n",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type\n"
    "a,07:00:00,07:00:00,S1,1,0\na,07:10:00,07:10:00,T,2,\nb,8:30:00,8:30:00,S1,1,0\nb,8:40:00,8:40:00,T,2,0\n"
    "c,18:00:00,18:00:00,S2,1,1\nc,18:10:00,18:10:00,T,2,0\nn,25:15:00,25:15:00,S1,1,0\nn,25:25:00,25:25:00,T,2,0\n"
    "s,09:00:00,09:00:00,S1,1,0\ns,09:10:00,09:10:00,T,2,0\nx,07:30:00,07:30:00,S1,1,0\nx,07:40:00,07:40:00,T,2,0\n"
    "f,06:00:00,06:00:00,S2,1,0\nf,06:10:00,06:10:00,T,2,0\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\nS,Markt,52.50,13.40,1,\n"
    "S1,Markt A,52.5001,13.4001,0,S\nS2,Markt B,52.4999,13.3999,0,S\nT,Heide,52.51,13.41,,\n",
    "trips": "route_id,service_id,trip_id\nR,WD,a\nR,WD,b\nR,WD,c\nN,WD,n\nR,SA,s\nR,SP,x\nR,WD,f\n",
}


@pytest.fixture
def feed(tmp_path):
    def write(inside="", **changed):
        file = tmp_path / "gtfs.zip"
        with zipfile.ZipFile(file, "w") as archive:
            for name, text in {**TOY, **changed}.items():
                if text is not None:
                    archive.writestr(f"{inside}{name}.txt", text.encode("utf-8-sig"))
        return file

    return write


@pytest.mark.parametrize(
    ("day", "hours", "known"),
    [("2026-10-07", (6, 20), 6), ("2026-10-06", (6, 20), 1), ("2026-10-10", (6, 20), 1), ("2026-10-07", (20, 30), 1)],
)
def test_departures_are_the_known_ones(feed, day, hours, known):
    found = qa.departures(feed(), day, hours)
    assert found["departures"].to_dict() == {"S": known, "T": 0}
    assert found.loc["S", "name"] == "Markt"
    assert found.loc["S", "per_hour"] == known / (hours[1] - hours[0])
    assert found.crs.to_string() == "EPSG:25833"


def test_an_hour_begins_with_its_minute_and_ends_before_the_next(feed):
    assert qa.departures(feed(), "2026-10-07", (7, 8.5)).loc["S", "departures"] == 4  # 7:00 twice, 7:30, 8:00; not 8:30
    assert qa.departures(feed(), "2026-10-07", (8.5, 9)).loc["S", "departures"] == 2


def test_the_day_is_one_with_most_trips_and_is_named(feed):
    found = qa.departures(feed())
    assert "day 2026-01-01" in found["read_notes"].iloc[0]  # a Thursday
    assert found.loc["S", "departures"] == 6


def test_of_services_that_change_the_first_day_with_most_trips_is_found(feed):
    """Exceptions alone, or a range that is as good as endless."""
    dates = "service_id,date,exception_type\nSA,20260308,1\nSA,20260312,1\nWD,20260312,1\nWD,20260317,1\n"
    found = qa.departures(feed(calendar=None, calendar_dates=dates))
    assert "day 2026-03-12" in found["read_notes"].iloc[0]
    endless = TOY["calendar"].replace("20261231", "99991231").replace("20260101", "19000101")
    found = qa.departures(feed(calendar=endless, calendar_dates=dates))
    assert "day 2026-03-12" in found["read_notes"].iloc[0]  # the only one on which Saturday's trips run as well


def test_a_day_without_trips_is_said(feed):
    sunday = qa.departures(feed(), "2026-10-11")
    assert sunday["departures"].eq(0).all()
    assert sunday["read_notes"].iloc[0] == "day 2026-10-11: no trip runs on it"
    with pytest.raises(SpecError, match="no trip runs on a Tuesday, Wednesday or Thursday"):
        qa.departures(feed(trips="route_id,service_id,trip_id\nR,SA,s\n"))


def test_a_folder_and_a_folder_in_the_zip_are_read(feed, tmp_path):
    with zipfile.ZipFile(feed("feed/")) as archive:
        archive.extractall(tmp_path)
    assert qa.departures(tmp_path / "feed", "2026-10-07").loc["S", "departures"] == 6
    assert qa.departures(feed("feed/"), "2026-10-07").loc["S", "departures"] == 6


def test_times_between_are_interpolated(feed):
    times = "trip_id,departure_time,stop_id,stop_sequence\na,07:00:00,S1,1\na,,T,5\na,08:00:00,S2,9\n"
    found = qa.departures(feed(stop_times=times, frequencies=None), "2026-10-07", (7.25, 7.75))
    assert found["departures"].to_dict() == {"S": 0, "T": 1}


def test_a_feed_without_calendar_is_refused(feed):
    with pytest.raises(InputError, match=r"neither calendar\.txt nor calendar_dates\.txt"):
        qa.departures(feed(calendar=None, calendar_dates=None), "2026-10-07")


def test_faults_are_named(feed, tmp_path):
    with pytest.raises(InputError, match=r"no stop_times\.txt"):
        qa.departures(feed(stop_times=None), "2026-10-07")
    with pytest.raises(SpecError, match="from 2026-01-01 to 2026-12-31; 2027-01-05 lies outside"):
        qa.departures(feed(), "2027-01-05")
    bad = TOY["calendar"].replace("20261231", "2026-12-31", 1).replace("20261231", "", 1)
    with pytest.raises(InputError, match="not written as 20261007: '2026-12-31', ''"):
        qa.departures(feed(calendar=bad), "2026-10-07")
    with pytest.raises(InputError, match="services that end before they begin: 'WD'"):
        qa.departures(feed(calendar=TOY["calendar"].replace("20260101", "20270101", 1)), "2026-10-07")
    with pytest.raises(ColumnError, match=r"no column 'stop_id'\. There are: 'stop_id;stop_name"):
        qa.departures(feed(stops=TOY["stops"].replace(",", ";")), "2026-10-07")
    with pytest.raises(SpecError, match="write it as"):
        qa.departures(feed(), "7.10.2026")
    with pytest.raises(SpecError, match="hours are two rising ones"):
        qa.departures(feed(), "2026-10-07", (20, 6))
    with pytest.raises(InputError, match="not written as 07:30:00: 'noon'"):
        qa.departures(feed(stop_times=TOY["stop_times"].replace("8:30:00,8:30:00", "noon,noon")), "2026-10-07")
    with pytest.raises(InputError, match="1 stop of stop_times"):
        qa.departures(feed(stop_times=TOY["stop_times"].replace(",S1,", ",Q,")), "2026-10-07")
    with pytest.raises(GeometryError, match="at 0/0: 'S'"):
        qa.departures(feed(stops=TOY["stops"].replace("52.50,13.40,1", "0,0,1")), "2026-10-07")
    with pytest.raises(InputError, match="headway_secs"):
        qa.departures(feed(frequencies=TOY["frequencies"].replace("1800", "0")), "2026-10-07")
    with pytest.raises(ColumnError, match="no column 'service_id'"):
        qa.departures(feed(trips="route_id,trip_id\nR,a\n"), "2026-10-07")
    no_zip = tmp_path / "timetable.zip"
    no_zip.write_text("stops", encoding="utf-8")
    with pytest.raises(InputError, match="no zip file"):
        qa.departures(no_zip)
