"""A supervisor in a process of its own, for tests that kill it. Run: python house.py RUN_DIR"""

import math
import os
import sys
import time
from pathlib import Path

from alertops import lifeline
from alertops.supervisor import AlreadyRunning, Child, Supervisor


def family() -> None:
    """A leader with a child of its own, like the web server and the cluster."""
    if os.fork() == 0:
        while True:
            time.sleep(60)
    while not lifeline.closing():
        time.sleep(0.02)


def brief() -> None:
    """Ends at once and well: exit code 0."""


def stubborn() -> None:
    """Ignores the request to end."""
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)


def beating() -> None:
    """Shows that it lives, all the time."""
    while True:
        lifeline.beat()
        time.sleep(0.02)


def main() -> None:
    run_dir = Path(sys.argv[1])
    mains = {"family": family, "brief": brief, "stubborn": stubborn, "beating": beating}
    patience = {"beating": 3.0}
    children = [
        Child(name, mains[name], patience=patience.get(name, math.inf)) for name in sys.argv[2:]
    ]
    supervisor = Supervisor(run_dir, children)
    try:
        supervisor.claim()
    except AlreadyRunning as error:
        sys.exit(str(error))
    supervisor.run()


if __name__ == "__main__":
    main()
