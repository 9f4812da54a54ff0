"""
Reporting on tests that run in worker processes.

A worker records what happens, and Django replays the recording in the parent
when a test case is finished. The events travel in it as one more kind of entry,
encoded where the exceptions are, before pickling takes their detail away.
"""

import os
import pickle
import signal
import traceback
from functools import lru_cache

from django.test import runner

from . import server
from .cell import Cell
from .evidence import made_by_a_statement
from .exits import WorkerCrashed
from .notes import at_test, note_signals
from .result import Reporting, name
from .supervisor import write_stacks_when_asked
from .watch import WorkersWatch

# Bound now: whoever sends a signal with the other one, notes it.
_kill = os.kill


class Picklable:
    """
    Mixed into RemoteTestResult: stand-ins for what can't be pickled.

    Django gives the whole run up on the first exception or subtest parameter
    that can't be sent to the parent.
    """

    def addError(self, test, err):
        super().addError(test, _picklable_error(err))

    def addFailure(self, test, err):
        super().addFailure(test, _picklable_error(err))

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, _picklable_error(err))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            err = _picklable_error(err)
            if not _can_be_pickled(subtest):
                subtest = SubTestDescription(subtest)
        super().addSubTest(test, subtest, err)


class WorkerResult(Reporting, Picklable, runner.RemoteTestResult):
    def publish(self, lines):
        # The index is that of a test, which the replay needs and we don't.
        self.events.append(("replay", 0, lines))

    def startTest(self, test):
        at_test(name(test))
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        at_test("")


class WorkerRunner(runner.RemoteTestRunner):
    resultclass = WorkerResult

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _prepare_process()

    def run(self, test):
        try:
            return super().run(test)
        except KeyboardInterrupt as interrupt:
            if made_by_a_statement(interrupt):
                raise
            # Of a signal: let the parent see that, and not an exit status of 1.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            _kill(os.getpid(), signal.SIGINT)


@lru_cache(maxsize=None)
def _prepare_process():
    """Once in each worker; those that are forks have it from the parent."""
    write_stacks_when_asked()
    if not hasattr(os.kill, "__wrapped__"):
        note_signals()
        server.know(Cell.from_environment().database)


class ParentResult:
    """Mixed into the result class of the parent, which hears of everything."""

    channel = None
    watch = None
    _stopped = False

    def replay(self, test, lines):
        self.watch.heard()
        self.channel.write(lines)

    @property
    def shouldStop(self):
        """The question Django asks over and over while it waits for results."""
        return self._stopped or bool(self.watch and self.watch.look())

    @shouldStop.setter
    def shouldStop(self, value):
        self._stopped = value
        if value and self.watch:
            self.watch.stopping()


class ParallelTestSuite(runner.ParallelTestSuite):
    runner_class = WorkerRunner

    def run(self, result):
        with WorkersWatch(result.channel) as watch:
            result.watch = watch
            super().run(result)
        if watch.crash:
            raise WorkerCrashed(watch.crash)
        return result


class SubTestDescription:
    """What unittest needs of a subtest to count and print it."""

    def __init__(self, subtest):
        self.failureException = subtest.failureException
        self._id = subtest.id()
        self._text = str(subtest)
        self._description = subtest.shortDescription()

    def id(self):
        return self._id

    def shortDescription(self):
        return self._description

    def __str__(self):
        return self._text


def _picklable_error(err):
    kind, _, _ = err
    if _can_be_pickled(err):
        return err
    text = "".join(traceback.format_exception(*err))
    stand_in = AssertionError if issubclass(kind, AssertionError) else RuntimeError
    return stand_in, stand_in(f"it could not be pickled:\n\n{text}"), None


def _can_be_pickled(value):
    try:
        pickle.loads(pickle.dumps(value))
    except Exception:
        return False
    return True

