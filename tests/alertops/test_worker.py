"""The cluster's place in the house."""

import os
from pathlib import Path

from alertops import worker

AUTOGROUP = Path("/proc/self/autogroup")


def _after_stepping_back() -> tuple[int, str]:
    """Step back in a child with a session of its own; return its niceness and its session's."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            worker.step_back()
            session = AUTOGROUP.read_text(encoding="ascii") if AUTOGROUP.exists() else ""
            os.write(writer, f"{os.nice(0)} {session}".encode("ascii"))
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    nice, _, session = os.read(reader, 200).decode("ascii").partition(" ")
    os.close(reader)
    return int(nice), session.strip()


def test_the_cluster_lets_the_door_and_the_database_go_first() -> None:
    nice, session = _after_stepping_back()
    assert nice == min(19, os.nice(0) + worker.NICE)
    assert not session or session.endswith(f"nice {worker.NICE}")
