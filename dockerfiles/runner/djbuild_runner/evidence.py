"""
What the system says of a failure: facts, where the words of an error are none.

A test may raise or print whatever it likes. That a file system is full is asked
of the file system, and an error counts only if the system or a database driver
raised it: not if a statement of Python did, as in a test's mock.
"""

import errno
import os
import tempfile
from opcode import opname
from pathlib import Path

from . import server

# Less than this, and whoever wanted more has met the end.
FEW_BYTES = 1 << 20
FEW_FILES = 16

DRIVERS = {"psycopg", "psycopg2", "MySQLdb"}

# MySQL's client: a connection was there and was lost (CR_SERVER_GONE_ERROR,
# CR_SERVER_LOST, CR_SERVER_LOST_EXTENDED). One that Django has closed itself has
# no number.
LOST = {2006, 2013, 2055}
# The SQLSTATE for it: connection_failure.
LOST_CODE = "08006"

# Bound now: tests patch functions of the os module, and change directories.
_statvfs, _stat = os.statvfs, os.stat
_FOLDERS = [os.getcwd(), tempfile.gettempdir(), os.path.expanduser("~"), "/dev/shm"]

# Of control groups version 2, and 1.
KERNELS_COUNTS = (
    "/sys/fs/cgroup/memory.events",
    "/sys/fs/cgroup/memory/memory.oom_control",
)

# djbuild wants to know what there was, not how often.
_told = set()


def of_error(error):
    """Events for what is behind an error, without those already told."""
    facts = shortages()
    for link in _chain(error):
        if isinstance(link, OSError) and link.errno == errno.ENOSPC:
            if not made_by_a_statement(link):
                path = link.filename and os.fsdecode(link.filename)
                facts.append({"event": "full", "path": path})
        if _is_of_driver(link):
            code, message = _code_of_driver(link), _sentence(link)
            if not code:
                code, message = server.trouble() or _lost(link)
            if code:
                facts.append({"event": "server", "code": code, "message": message})
    new = []
    for fact in facts:
        key = fact["event"], fact.get("code"), fact.get("path")
        if key not in _told:
            _told.add(key)
            new.append(fact)
    return new


def shortages():
    """Events for what the cell has run out of."""
    return [*killed_for_memory(), *full_file_systems()]


def killed_for_memory(files=KERNELS_COUNTS):
    """
    An event if the kernel has killed processes of the cell for its memory limit.

    It counts them for each control group, and a container has one of its own.
    """
    for file in files:
        try:
            lines = Path(file).read_text().splitlines()
        except OSError:
            continue
        for name, _, number in (line.partition(" ") for line in lines):
            if name == "oom_kill" and int(number):
                yield {"event": "out_of_memory", "kills": int(number)}
                return


def full_file_systems(folders=None):
    """Events for those of the cell that have no room now."""
    devices = set()
    for folder in _FOLDERS if folders is None else folders:
        try:
            device = _stat(folder).st_dev
            system = _statvfs(folder)
        except OSError:
            continue
        # One without a size has no end, and one that nobody may write to no room.
        if device in devices or not system.f_blocks or system.f_flag & os.ST_RDONLY:
            continue
        devices.add(device)
        free = system.f_bavail * system.f_frsize
        files = system.f_favail if system.f_files else None
        if free < FEW_BYTES or (files is not None and files < FEW_FILES):
            yield {"event": "full", "path": folder, "free": free, "inodes": files}


def _chain(error):
    """The error and those behind it."""
    waiting, seen = [error], set()
    while waiting:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [link.__cause__, link.__context__]
        # Of an ExceptionGroup, from Python 3.11 on.
        grouped = getattr(link, "exceptions", ())
        waiting += grouped if isinstance(grouped, (list, tuple)) else ()


def _is_of_driver(error):
    """Whether it was a database driver that raised this."""
    package = _package(type(error).__module__)
    return package in DRIVERS and not made_by_a_statement(error, package)


def _code_of_driver(error):
    """
    A SQLSTATE or MySQL's number. None if the server said nothing, as when a
    connection is lost: MySQL's numbers from 2000 on are those of its client.
    """
    number = error.args[0] if error.args else None
    if isinstance(number, int):
        return None if 2000 <= number < 3000 else str(number)
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)


def _lost(error):
    """A code and a sentence if a server that is well has cut a client off."""
    if error.args and error.args[0] in LOST:
        return LOST_CODE, _sentence(error)
    return None, None


def made_by_a_statement(error, package=None):
    """
    Whether a raise statement made this error, and not the system, nor a driver
    whose package is given: those are Python too.
    """
    innermost = error.__traceback__
    if innermost is None:
        return True
    while innermost.tb_next:
        innermost = innermost.tb_next
    if package == _package(innermost.tb_frame.f_globals.get("__name__") or ""):
        return False
    code, position = innermost.tb_frame.f_code.co_code, innermost.tb_lasti
    # What is compiled has frames without code.
    return 0 <= position < len(code) and opname[code[position]] == "RAISE_VARARGS"


def _package(module):
    return module.partition(".")[0]


def _sentence(error):
    lines = str(error).strip().splitlines()
    return lines[0][:500] if lines else type(error).__name__
