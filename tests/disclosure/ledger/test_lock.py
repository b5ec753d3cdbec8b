"""The lock of a ledger: one writer at a time, over processes, machines and crashes."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from quartiersatlas.base import lock as module
from quartiersatlas.base import processes
from quartiersatlas.base.lock import LockHolder, locked
from quartiersatlas.base.processes import this_process
from quartiersatlas.errors import InputError, ReleaseError

HOLD = """
from quartiersatlas.base.lock import locked
with locked(Path(sys.argv[1])):
    Path(sys.argv[2]).touch()
    time.sleep(600)
"""
COUNT = """
from quartiersatlas.base.lock import locked
for _ in range(25):
    with locked(Path(sys.argv[1])):
        number = int(Path(sys.argv[1]).read_text())
        time.sleep(0.001)
        Path(sys.argv[1]).write_text(str(number + 1))
"""


@pytest.fixture
def book(tmp_path):
    return tmp_path / "book.json"


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "book.json.lock"


def write(lock, since="then", **changes):
    """Write the lock of a process; it is ours but for some parts of its owner."""
    owner = this_process()._replace(**changes)
    holder = dataclasses.replace(module._this_process(), pid=owner.pid, owner=str(owner), since=since)
    lock.write_text(json.dumps(dataclasses.asdict(holder)))
    return holder


def ended():
    """Give the number of a process that runs no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def wait_for(file):
    until = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_the_lock_is_there_while_it_is_held_and_gone_afterwards(book, lock):
    with locked(book):
        content = json.loads(lock.read_text())
        assert content["pid"] == os.getpid()
    assert not lock.exists()


def test_the_lock_is_given_back_after_an_error(book, lock):
    with pytest.raises(ZeroDivisionError), locked(book):
        _ = 1 / 0
    assert not lock.exists()


def test_who_holds_the_lock_is_named(book, tmp_path, start):
    process = start(HOLD, book, tmp_path / "held")
    wait_for(tmp_path / "held")
    with (
        pytest.raises(ReleaseError, match=rf"'book\.json' is in use: process {process.pid} on '.+' has been"),
        locked(book, wait=0.2),
    ):
        pass
    assert (tmp_path / "book.json.lock").exists()  # nobody has taken it away


def test_a_lock_of_a_killed_process_is_taken_over(book, lock, tmp_path, start):
    process = start(HOLD, book, tmp_path / "held")
    wait_for(tmp_path / "held")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert lock.exists()
    with locked(book, wait=0):
        assert json.loads(lock.read_text())["pid"] == os.getpid()
    assert not lock.exists()


def test_a_number_that_was_given_out_again_is_no_living_holder(book, lock):
    """The process of this number runs (it is ours), but began at another time than the one that took the lock."""
    write(lock, start=this_process().start - 1)
    with locked(book, wait=0):
        pass
    holder = write(lock)
    with pytest.raises(ReleaseError, match=f"process {holder.pid}"), locked(book, wait=0):
        pass


def test_a_lock_of_another_machine_or_container_is_never_taken_over(book, lock):
    write(lock, pid=ended(), host="0" * 12)
    before = lock.read_text()
    with pytest.raises(ReleaseError, match=r"remove '.*book\.json\.lock'"), locked(book, wait=0.2):
        pass
    assert lock.read_text() == before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_lock_that_does_not_say_whose_it_is_is_left_alone(book, lock, content):
    lock.write_text(content)
    with pytest.raises(ReleaseError, match="its lock does not say who"), locked(book, wait=0):
        pass
    assert lock.read_text() == content


def test_somebody_elses_lock_is_not_removed_at_the_end(book, lock):
    with locked(book):
        lock.unlink()  # as a person does who thinks the process has crashed
        write(lock)
    assert lock.exists()


def test_without_the_table_of_processes_the_system_is_asked(book, lock, monkeypatch):
    """As on macOS, which does not tell when a process began."""
    monkeypatch.setattr(processes, "_start", lambda _: processes.UNTOLD)
    write(lock, pid=ended())
    with locked(book, wait=0):
        pass
    write(lock, pid=os.getppid())
    with pytest.raises(ReleaseError, match=f"process {os.getppid()}"), locked(book, wait=0):
        pass


def test_without_file_locks_nothing_is_taken_over(book, lock, monkeypatch):
    """As on Windows."""
    monkeypatch.setattr(module, "fcntl", None)
    write(lock, pid=ended())
    with pytest.raises(ReleaseError, match="is in use"), locked(book, wait=0):
        pass


@pytest.mark.parametrize("way", ["in place", "anew"])
def test_of_two_that_find_a_dead_lock_the_second_sees_that_the_first_has_it(book, lock, monkeypatch, way):
    """The first takes it between the look of the second and its grasp."""
    write(lock, pid=ended())

    def first_is_faster(*_):
        if way == "anew":
            lock.unlink()
        write(lock)

    monkeypatch.setattr(module.fcntl, "flock", first_is_faster)
    with pytest.raises(ReleaseError, match="since then"), locked(book, wait=0):
        pass
    assert json.loads(lock.read_text())["since"] == "then"


def test_of_many_that_find_a_dead_lock_one_at_a_time_has_it(book, lock):
    write(lock, pid=ended())
    inside, most, errors = [], [], []

    def work():
        try:
            with locked(book, wait=30):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.01)
                inside.pop()
        except ReleaseError as error:  # pragma: no cover - what would be wrong
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert most == [1] * 8


def test_no_process_overwrites_what_another_has_written(book, start):
    book.write_text("0")
    processes = [start(COUNT, book) for _ in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert book.read_text() == "75"


def test_a_lock_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be written"), locked(tmp_path / "nowhere" / "book.json"):
        pass


def test_the_holder_is_known_by_all_it_says():
    own = module._this_process()
    assert isinstance(own, LockHolder)
    assert own != module._this_process()  # the token
