"""What killed runs leave, runs at the same time, full disks, and things in the place of a file."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from errno import EDQUOT, ENOSPC
from pathlib import Path

import pytest

from quartiersatlas.base import files
from quartiersatlas.base.processes import this_process
from quartiersatlas.errors import InputError

# writes six files that hold a word, moves them with a seal, and halts in front of the step that is named
WRITER = """
import pathlib, shutil, sys, time
from quartiersatlas.base import files
folder, word, halt = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
step = 0
def halting(function):
    def called(*args, **options):
        global step
        if str(step) == halt:
            print("halted", flush=True)
            time.sleep(600)
        step += 1
        return function(*args, **options)
    return called
pathlib.Path.replace = halting(pathlib.Path.replace)
pathlib.Path.unlink = halting(pathlib.Path.unlink)
shutil.copy2 = halting(shutil.copy2)
for _ in range(int(sys.argv[4])):
    with files.unfinished_folder(folder, "a") as unfinished:
        made = [unfinished / name for name in "sabcde"]
        for file in made:
            file.write_text(word)
        files.move_all(made, folder, seal=made[0])
print("done", flush=True)
"""


def start(folder, word, halt="never", times=1):
    """Start a process that writes into a folder."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, folder, word, str(halt), str(times)], stdout=subprocess.PIPE, text=True
    )


def content(folder):
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.is_file()}


def whole(word):
    return dict.fromkeys("sabcde", word)


def hidden(folder):
    return [file.name for file in folder.iterdir() if file.name.startswith(files.PREFIX)]


@pytest.mark.skipif(sys.platform == "win32", reason="nothing there is killed at once")
@pytest.mark.parametrize("halt", range(0, 14, 2))
def test_a_killed_run_leaves_no_seal_beside_files_of_two_runs_and_the_next_one_clears_up(tmp_path, halt):
    """Six copies, the old seal away, five files and the seal: killed in front of every second step."""
    for name in "sabcde":
        (tmp_path / name).write_text("old", encoding="utf-8")
    process = start(tmp_path, "new", halt)
    assert process.stdout.readline() == "halted\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = content(tmp_path)
    left.pop(files.LOCK, None)
    assert hidden(tmp_path)
    assert "s" not in left or left in (whole("old"), whole("new"))
    assert set(left) >= set("abcde")  # one after the other is replaced, none is ever missing
    files.write_text(tmp_path / "f", "next")
    assert hidden(tmp_path) == []


def test_a_run_that_is_alive_keeps_its_folder_and_the_next_one_waits_for_it(tmp_path, monkeypatch):
    process = start(tmp_path, "one", halt=3)  # with three of six in place
    assert process.stdout.readline() == "halted\n"
    before = hidden(tmp_path)
    monkeypatch.setattr(files, "PATIENCE", 0.2)
    with pytest.raises(InputError, match=r"'f' cannot be written .* another run has been moving its files there"):
        files.write_text(tmp_path / "f", "two")
    assert sorted(hidden(tmp_path)) == sorted(before)
    process.kill()
    process.communicate()
    files.write_text(tmp_path / "f", "two")
    assert hidden(tmp_path) == []


def test_runs_at_the_same_time_never_mix_their_files(tmp_path):
    both = [start(tmp_path, word, times=40) for word in ("one", "two")]
    assert [process.communicate()[0] for process in both] == ["done\n", "done\n"]
    assert content(tmp_path) in (whole("one"), whole("two"))
    assert hidden(tmp_path) == []


def test_threads_of_one_process_wait_for_each_other(tmp_path):
    def write(word):
        for _ in range(20):
            with files.written_together([tmp_path / name for name in "ab"]) as unfinished:
                for file in unfinished:
                    file.write_text(word, encoding="utf-8")

    threads = [threading.Thread(target=write, args=(word,)) for word in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert content(tmp_path) in ({"a": "one", "b": "one"}, {"a": "two", "b": "two"})
    assert hidden(tmp_path) == []


def test_what_nobody_can_tell_the_owner_of_stays_for_a_week(tmp_path):
    names = [f"{files.PREFIX}abc_x1", f"{files.PREFIX}{this_process()._replace(host='0' * 12)}-x"]
    for name in names:
        (tmp_path / name).mkdir()
    files.write_text(tmp_path / "f", "new")
    assert sorted(hidden(tmp_path)) == sorted(names)
    for name in names:
        week = (tmp_path / name).stat().st_mtime - 8 * 24 * 3600
        os.utime(tmp_path / name, (week, week))
    files.write_text(tmp_path / "f", "new")
    assert hidden(tmp_path) == []


def test_a_link_to_a_folder_that_is_called_like_a_leftover_is_not_followed(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kept").write_text("mine", encoding="utf-8")
    link = tmp_path / f"{files.PREFIX}{this_process()._replace(start=1)}-x"
    link.symlink_to(tmp_path / "other")
    files.write_text(tmp_path / "f", "new")
    assert (tmp_path / "other" / "kept").read_text(encoding="utf-8") == "mine"


FAILURES = [
    (OSError(ENOSPC, "No space left on device"), "The disk is full, or your share of it: make room"),
    (OSError(EDQUOT, "Disk quota exceeded"), "The disk is full, or your share of it: make room"),
    (PermissionError(13, "Permission denied"), "Is the folder read-only"),
]
STEPS = {
    "write_bytes": (Path, [*FAILURES, (sqlite3.OperationalError("disk I/O error"), "Is the disk full or gone")]),
    "mkdtemp": (sys.modules["tempfile"], FAILURES),
    "copy2": (files.shutil, FAILURES),
    "replace": (Path, FAILURES),
}


@pytest.mark.parametrize(
    ("step", "error", "said"), [(step, *failure) for step, (_, failures) in STEPS.items() for failure in failures]
)
def test_a_failure_at_any_step_is_one_error_and_leaves_all_as_it_was(tmp_path, monkeypatch, step, error, said):
    (tmp_path / "karte.html").write_text("old", encoding="utf-8")

    def fail(*_args, **_options):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(STEPS[step][0], step, fail)
        with pytest.raises(InputError, match=rf"'karte\.html' cannot be written into '.*'.* all files .*{said}"):
            files.write_text(tmp_path / "karte.html", "new")
    assert content(tmp_path) == {"karte.html": "old"}
    assert hidden(tmp_path) == []


def test_a_lock_that_a_full_disk_cannot_name_is_not_left(tmp_path, monkeypatch):
    def fail():
        raise OSError(ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(files, "this_process", type("Nobody", (), {"__str__": lambda _: fail()}))
        with pytest.raises(OSError, match="No space left"):
            files._taken(tmp_path / files.LOCK)
    assert hidden(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a\0b", "holds a control character"),
        ("a\nb", "holds a control character"),
        ("a\ud800b", "holds a control character or one that is no letter"),
        ("x" * 256, "takes 256 bytes, of 255"),
        ("ä" * 128, "takes 256 bytes, of 255"),
        ("x" * 300 + "/y", "takes 300 bytes, of 255"),
        ("d/" * 2100 + "y", "lies too deep"),
        ("q\0/y", "There is no folder"),
        ("file/y", "There is no folder"),
        ("folder", "is a folder"),
        ("pipe", "is a device or a pipe"),
        ("null", "is a device or a pipe"),
    ],
)
def test_what_no_file_can_be_called_or_stands_in_its_place_is_refused(tmp_path, name, said):
    (tmp_path / "file").write_text("old", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to(os.devnull)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=said):
        files.write_text(f"{tmp_path}/{name}", "new")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["x" * 255, "ä" * 127, "Straße (2).csv", ".hidden"])
def test_any_other_name_can_be_written(tmp_path, name):
    assert files.write_text(tmp_path / name, "new").read_text(encoding="utf-8") == "new"


def test_a_link_to_nothing_becomes_a_file(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    files.write_text(tmp_path / "link", "new")
    assert content(tmp_path) == {"link": "new"}
