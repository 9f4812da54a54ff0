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

from .arguments import PROCESSES_VARIABLE, runtests_arguments
from .cell import Cell
from .channel import Channel
from .delta import delete_listed
from .exits import BROKEN, WorkerCrashed, exit_code
from .readiness import Readiness
from .session import open_session

PROTOCOL = 1


def main():
    channel = Channel.take_stdout()
    try:
        cell = Cell.from_environment()
        delete_listed(cell.tree)
        enter(cell)
        return run(cell, channel)
    except WorkerCrashed as crash:
        print(f"djbuild: {crash}", file=sys.stderr)
    except Exception:
        traceback.print_exc()
    return BROKEN


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
    )
    readiness = Readiness(cell, channel)
    readiness.start()

    from django.db.backends.base.base import BaseDatabaseWrapper

    readiness.guard(BaseDatabaseWrapper)
    session = open_session(channel, readiness, cell.serial_below)
    code = run_script(cell.tests / "runtests.py")
    return exit_code(code, session.suite_began, session.suite_finished)


def run_script(path):
    """Run a script; return what it left with."""
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
        return leaving.code
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
