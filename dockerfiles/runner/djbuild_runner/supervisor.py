"""
The process above the one that runs the suite.

It does next to nothing, so it can still be asked when the suite can't: what a
signal from outside was, how the suite's process ended, and, on SIGQUIT, where
every thread of every process of the suite is. The stacks are written by
faulthandler in each process's own handler of SIGABRT, which works while a thread
holds the interpreter, as a regular expression without an end does.
"""

import faulthandler
import os
import signal
import sys
import time
from pathlib import Path

from . import notes
from .channel import STDERR, encode
from .evidence import shortages

# The line before the stacks; djbuild keeps more of a log from there on.
STACKS_FOLLOW = "djbuild: the stack of every thread:"

# What ends a process from outside and can be caught.
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)

# What asks for stacks. docker-init, which is above this process, passes the first
# on, and keeps the second to itself.
ASKING = (signal.SIGQUIT, signal.SIGABRT)

# Seconds one process may take to write its stacks.
DUMPING = 2

SIGNALLED = 128

# Bound now: the suite's process notes what it sends.
_kill = os.kill


def supervise(channel, run):
    """
    Call run in a child process; return the status to leave with.

    Only the child returns from here by an exception or an exit of its own.
    """
    # A signal that comes between the two processes waits until somebody is there.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (*ENDING, *ASKING))
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return run()
    supervisor = _Supervisor(channel, child)
    for number in ENDING:
        signal.signal(number, supervisor.pass_on)
    for number in ASKING:
        signal.signal(number, supervisor.tell_stacks)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os._exit(supervisor.wait())


def write_stacks_when_asked():
    """
    In a process of the suite: let SIGABRT write the stacks, and end it.

    To a descriptor of its own, whatever tests do to standard error. Django
    leaves a faulthandler alone that is enabled. Addresses in C, which Python 3.14
    would add, would push the lines that matter out of a log's end.
    """
    without_c = {"c_stack": False} if sys.version_info >= (3, 14) else {}
    faulthandler.enable(file=os.dup(STDERR), all_threads=True, **without_c)


class _Supervisor:
    def __init__(self, channel, child):
        self._channel = channel
        self._child = child
        self._received = None
        self._asked = False

    def wait(self):
        """The exit status of the suite's process, or 128 + n for a signal."""
        _, status = os.waitpid(self._child, 0)
        if os.WIFEXITED(status):
            ended, code = None, os.WEXITSTATUS(status)
        else:
            ended = os.WTERMSIG(status)
            code = SIGNALLED + ended
        if self._received and code:
            self._send("ended", signal=self._received, exit=None, own=False)
            return SIGNALLED + self._received
        if ended:
            own = notes.sent(self._child, ended)
            self._send("ended", signal=ended, exit=None, own=own)
            for fact in shortages():
                self._channel.write(encode(fact))
        elif code > SIGNALLED:
            self._send("ended", signal=None, exit=code, own=False)
        return code

    def _send(self, event, **fields):
        """On a line of its own: the suite may have ended within one."""
        self._channel.write(b"\n")
        self._channel.send(event, **fields)

    def pass_on(self, number, frame):
        self._received = self._received or number
        _kill(self._child, number)

    def tell_stacks(self, number, frame):
        """Everybody stands still; then one after the other writes and dies."""
        if self._asked:
            return
        self._asked = True
        workers = notes.tests_of_workers()
        everybody = _descendants(self._child)
        for pid in everybody:
            _send(pid, signal.SIGSTOP)
        tests = [test for pid, test in workers.items() if test and pid in everybody]
        self._send("hung", tests=tests)
        # In the middle of a line of dots, most likely.
        _log(f"\n{STACKS_FOLLOW}")
        for pid, test in workers.items():
            if test and pid in everybody:
                self._dump(pid, f"the process of {test}")
        self._dump(self._child, "the process of the suite")
        for pid in everybody:
            _send(pid, signal.SIGKILL)
        os._exit(SIGNALLED + signal.SIGABRT)

    def _dump(self, pid, what):
        _log(f"djbuild: process {pid}, {what}:")
        _send(pid, signal.SIGABRT)
        _send(pid, signal.SIGCONT)
        deadline = time.monotonic() + DUMPING
        while _state(pid) not in (None, "Z") and time.monotonic() < deadline:
            time.sleep(0.01)


def _send(pid, number):
    try:
        _kill(pid, number)
    except ProcessLookupError:
        pass


def _log(line):
    os.write(STDERR, f"{line}\n".encode("utf-8", "replace"))


def _descendants(ancestor):
    """The pids of a process and of those it started, as far as they live."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        fields = _stat(path.name)
        if fields:
            parents[int(path.name)] = int(fields[1])
    found, new = {ancestor}, {ancestor}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - found
        found |= new
    return found


def _state(pid):
    fields = _stat(pid)
    return fields and fields[0]


def _stat(pid):
    """State, parent and more; the name before them may have any character."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("latin-1").rpartition(")")[2].split()
    except OSError:
        return None
