"""
Noticing workers that died, and tests that hang.

multiprocessing.Pool replaces a worker that dies and waits for ever for the
results it owed. So each worker notes the test it is running in a file of its
own, and the parent looks, whenever it waits for results, whether all the
workers it started with are still there.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
import time
from functools import lru_cache
from multiprocessing.connection import wait
from pathlib import Path

from .exits import BROKEN

VARIABLE = "DJBUILD_NOTES"

# Without results for this long, say what the workers are at.
QUIET = 30

# What the pool's own thread needs to collect a dead worker's exit code.
COLLECTING = 0.3

# A pool told to stop may wait for a lock that died with a worker, or for room in
# a pipe nobody reads any more. It gets this long.
STOPPING = 30

# Bound now: tests patch functions of the os module.
_pwrite = os.pwrite


class WorkersWatch:
    """Watches, between entry and exit, over the workers of one pool."""

    def __init__(self, channel):
        self._channel = channel
        self._workers = None
        self._heard = time.monotonic()
        self._deadline = None
        self.crash = None

    def __enter__(self):
        self._notes = Path(tempfile.mkdtemp(prefix="djbuild_"))
        os.environ[VARIABLE] = str(self._notes)
        return self

    def __exit__(self, *exception):
        if self._deadline is not None:
            self._deadline.cancel()
        del os.environ[VARIABLE]
        shutil.rmtree(self._notes, ignore_errors=True)

    def heard(self):
        """Results have come."""
        self._heard = time.monotonic()

    def stopping(self):
        """The pool is about to be stopped: see that it does stop."""
        if self._deadline is None:
            self._deadline = threading.Timer(STOPPING, _give_up)
            self._deadline.daemon = True
            self._deadline.start()

    def look(self):
        """How a worker has died, if one has. Called many times a second."""
        if self._workers is None:
            self._workers = {
                child.sentinel: child for child in multiprocessing.active_children()
            }
        if self.crash is None:
            gone = wait(list(self._workers), timeout=0)
            if gone:
                self._report_crash(self._workers[gone[0]])
            elif time.monotonic() - self._heard > QUIET:
                self._report_waiting()
        return self.crash

    def _report_crash(self, worker):
        self.stopping()
        time.sleep(COLLECTING)
        code, test = worker.exitcode, self._in_flight(worker.pid)
        signal = -code if code is not None and code < 0 else None
        self._channel.send("crashed", test=test, signal=signal, exit=code)
        died_of = f"exit code {code}" if signal is None else f"signal {signal}"
        self.crash = f"a test process died of {died_of} in {test or 'no test'}"

    def _report_waiting(self):
        self.heard()
        running = (self._in_flight(child.pid) for child in self._workers.values())
        self._channel.send("waiting", tests=[test for test in running if test])

    def _in_flight(self, pid):
        try:
            note = (self._notes / str(pid)).read_bytes()
        except FileNotFoundError:
            return None
        return note.partition(b"\n")[0].decode("utf-8", "replace") or None


def _give_up():
    print("djbuild: the test processes would not stop", file=sys.stderr, flush=True)
    os._exit(BROKEN)


def note(test):
    """In a worker: the test now running, or an empty string."""
    _pwrite(_descriptor(), test.encode("utf-8", "replace") + b"\n", 0)


@lru_cache(maxsize=None)
def _descriptor():
    path = os.path.join(os.environ[VARIABLE], str(os.getpid()))
    return os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
