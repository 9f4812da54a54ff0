"""
Runs the suite: ``python -m djbuild_runner``, with the cell in DJBUILD_CELL.

runtests.py runs in this process as ``__main__``, as if it had been started
itself: worker processes find its functions there, and those that aren't forked
run it again from its file.
"""

import os
import platform
import runpy
import sys
import traceback
from pathlib import Path

from . import notes, server
from .arguments import PROCESSES_VARIABLE, runtests_arguments
from .cell import Cell
from .channel import Channel, encode
from .delta import delete_listed
from .evidence import of_error
from .exits import BROKEN, WorkerCrashed, exit_code
from .readiness import Readiness
from .session import open_session
from .supervisor import supervise, write_stacks_when_asked

PROTOCOL = 1

# What the image could not be given; build/install_requirements.py writes it.
MISSING = Path(sys.prefix, "missing-requirements.txt")


def main():
    channel = Channel.take_stdout()
    notes.open_folder()
    return supervise(channel, lambda: suite(channel))


def suite(channel):
    """In the process of the suite."""
    notes.note_signals()
    write_stacks_when_asked()
    try:
        cell = Cell.from_environment()
        delete_listed(cell.tree)
        enter(cell)
        return run(cell, channel)
    except WorkerCrashed as crash:
        print(f"djbuild: {crash}", file=sys.stderr)
    except Exception as error:
        tell_why(error, channel)
        traceback.print_exc()
    return BROKEN


def tell_why(error, channel):
    """What the system says of an error that broke the suite off."""
    for fact in of_error(error):
        channel.write(encode(fact))


def enter(cell):
    """Be where runtests.py would be, and let subprocesses be there too."""
    package_root = Path(__file__).resolve().parent.parent
    if sys.path[0] == os.getcwd():
        # Put there by -m, where a script has its own directory.
        del sys.path[0]
    sys.path[:0] = [str(cell.tests), str(cell.tree)]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(cell.tree), str(package_root)])
    os.environ[PROCESSES_VARIABLE] = str(cell.parallel)
    os.chdir(cell.tests)
    sys.argv = ["runtests.py", *runtests_arguments(cell)]


def run(cell, channel):
    import django

    channel.send(
        "hello",
        protocol=PROTOCOL,
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        django=version(django.VERSION),
        platform=platform.platform(),
        missing=missing_requirements(),
    )
    server.know(cell.database)
    readiness = Readiness(cell, channel)
    readiness.start()

    from django.db.backends.base.base import BaseDatabaseWrapper

    readiness.guard(BaseDatabaseWrapper)
    session = open_session(channel, readiness, cell.serial_below)
    leaving = run_script(cell.tests / "runtests.py")
    if session.suite_began and not session.suite_finished:
        # Django leaves like this when it can't create its databases, too.
        tell_why(leaving, channel)
    return exit_code(
        leaving and leaving.code, session.suite_began, session.suite_finished
    )


def missing_requirements():
    try:
        return MISSING.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def run_script(path):
    """Run a script; return how it left, unless it came to its end."""
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
        return leaving
    return None


def version(numbers):
    """
    Django's version without asking git for more, as its own function does:
    6.1.3, 6.1rc1, or 7.0.dev for an unreleased branch.
    """
    *release, stage, serial = numbers
    text = ".".join(str(number) for number in release[: 3 if release[2] else 2])
    if stage == "final":
        return text
    if (stage, serial) == ("alpha", 0):
        return f"{text}.dev"
    return text + {"alpha": "a", "beta": "b", "rc": "rc"}[stage] + str(serial)


if __name__ == "__main__":
    sys.exit(main())
