"""Which process a name belongs to, and whether it is dead: never a guess."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from quartiersatlas.base.processes import Owner, owner_in, this_process

SAY_WHO = "from quartiersatlas.base.processes import this_process; print(this_process(), flush=True); input()"


@pytest.fixture
def other():
    """Start another process; give it and who it says it is."""
    process = subprocess.Popen(
        [sys.executable, "-c", SAY_WHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    yield process, owner_in(process.stdout.readline())
    process.kill()
    process.communicate()


def test_this_process_is_alive_and_its_name_reads_back():
    owner = this_process()
    assert owner.pid == os.getpid()
    assert owner_in(f".some-{owner}-x") == owner
    assert not owner.is_dead


def test_another_process_is_alive_until_it_is_killed(other):
    process, owner = other
    assert owner.pid == process.pid
    assert not owner.is_dead
    process.kill()
    process.wait()
    assert owner.is_dead


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no file tells the state of a process")
def test_a_killed_process_is_dead_before_its_parent_asks_how_it_ended(other):
    process, owner = other
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays in the list of processes
    assert owner.is_dead


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no file tells when a process started")
def test_a_number_that_was_given_again_is_not_the_earlier_process():
    assert this_process()._replace(start=this_process().start - 1).is_dead


def test_nobody_is_dead_on_a_machine_that_cannot_be_asked():
    assert not Owner("0" * 12, 2**22 + 1, 1).is_dead


@pytest.mark.parametrize("text", ["", ".quartiersatlas-abc_123x", "0123456789ab-x-1"])
def test_names_without_an_owner(text):
    assert owner_in(text) is None
