"""
What the processes of a run leave for one another, as files of one folder.

A process that dies can say nothing afterwards: each worker notes the test it is
running, and whoever sends a signal notes that, so that a test that ends its own
process is told apart from somebody outside who does.
"""

import os
import signal
import tempfile
from functools import lru_cache, wraps
from pathlib import Path

VARIABLE = "DJBUILD_NOTES"

# Noted of a process group, or of all there is.
ANY = "any"

# Bound now: tests patch functions of the os module.
_open, _close, _pwrite, _getpid = os.open, os.close, os.pwrite, os.getpid


def open_folder():
    """Before any other process of the run is started: they inherit its name."""
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="djbuild_")
    folder.cache_clear()


# Kept: tests replace the environment.
@lru_cache(maxsize=None)
def folder():
    return os.environ[VARIABLE]


def at_test(test):
    """In a worker: the test now running, or an empty string."""
    _pwrite(_descriptor(), test.encode("utf-8", "replace") + b"\n", 0)


@lru_cache(maxsize=None)
def _descriptor():
    return _open(_path(_getpid()), os.O_WRONLY | os.O_CREAT, 0o600)


def test_of(pid):
    """The test a worker was at, if any."""
    try:
        note = Path(_path(pid)).read_bytes()
    except FileNotFoundError:
        return None
    return note.partition(b"\n")[0].decode("utf-8", "replace") or None


def tests_of_workers():
    """The test, or None, by the pid of each worker there was."""
    pids = [int(name) for name in os.listdir(folder()) if name.isdigit()]
    return {pid: test_of(pid) for pid in sorted(pids)}


def server_is_at(epoch):
    """For workers, who may have to ask again."""
    Path(_path("epoch")).write_text(epoch, encoding="utf-8")


def epoch_of_server():
    """None before it has answered."""
    try:
        return Path(_path("epoch")).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def note_signals():
    """
    Note, from here on, the signals that this process sends.

    Its functions are replaced rather than audited: nothing else pays for that,
    and a test that patches one of them sends no signal.
    """
    for module, name, target in (
        (os, "kill", lambda pid, _: pid if pid > 0 else ANY),
        (os, "killpg", lambda group, _: ANY),
        (signal, "raise_signal", lambda _: _getpid()),
        (signal, "pthread_kill", lambda thread, _: _getpid()),
    ):
        # Not every Python has them all.
        if hasattr(module, name):
            setattr(module, name, _noting(getattr(module, name), target))


def _noting(send, target):
    @wraps(send)
    def noting(*arguments):
        try:
            path = _path(f"{target(*arguments)}.{int(arguments[-1])}")
            _close(_open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        except Exception:
            # Nonsense is for the function itself to refuse, and what cannot be
            # noted is taken for somebody else's.
            pass
        return send(*arguments)

    return noting


def sent(pid, number):
    """Whether a process of the run has sent this signal to that process."""
    return any(os.path.exists(_path(f"{to}.{int(number)}")) for to in (pid, ANY))


def _path(name):
    return os.path.join(folder(), str(name))
