"""
Noticing workers that died, and tests that hang.

multiprocessing.Pool replaces a worker that dies and waits for ever for the
results it owed. So each worker notes the test it is running, and the parent
looks, whenever it waits for results, whether all the workers it started with
are still there.
"""

import multiprocessing
import os
import sys
import threading
import time
from multiprocessing.connection import wait

from . import notes
from .channel import encode
from .evidence import shortages
from .exits import BROKEN

# Without results for this long, say what the workers are at.
QUIET = 30

# What the pool's own thread needs to collect a dead worker's exit code.
COLLECTING = 0.3

# A pool told to stop may wait for a lock that died with a worker, or for room in
# a pipe nobody reads any more. It gets this long.
STOPPING = 30


class WorkersWatch:
    """Watches, between entry and exit, over the workers of one pool."""

    def __init__(self, channel):
        self._channel = channel
        self._workers = None
        self._heard = time.monotonic()
        self._deadline = None
        self.crash = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._deadline is not None:
            self._deadline.cancel()

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
        code, test = worker.exitcode, notes.test_of(worker.pid)
        signal = -code if code is not None and code < 0 else None
        own = signal is not None and notes.sent(worker.pid, signal)
        # Memory may be the reason, and a write to mapped memory that has no room
        # on its file system is a SIGBUS.
        for fact in shortages():
            self._channel.write(encode(fact))
        self._channel.send("crashed", test=test, signal=signal, exit=code, own=own)
        died_of = f"exit code {code}" if signal is None else f"signal {signal}"
        self.crash = f"a test process died of {died_of} in {test or 'no test'}"

    def _report_waiting(self):
        self.heard()
        running = (notes.test_of(child.pid) for child in self._workers.values())
        self._channel.send("waiting", tests=[test for test in running if test])


def _give_up():
    print("djbuild: the test processes would not stop", file=sys.stderr, flush=True)
    os._exit(BROKEN)
