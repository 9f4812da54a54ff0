"""
Reporting on tests that run in worker processes.

A worker records what happens, and Django replays the recording in the parent
when a test case is finished. The events travel in it as one more kind of entry,
encoded where the exceptions are, before pickling takes their detail away.
"""

import pickle
import traceback

from django.test import runner

from .exits import WorkerCrashed
from .result import Reporting, name
from .watch import WorkersWatch, note


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
        note(name(test))
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        note("")


class WorkerRunner(runner.RemoteTestRunner):
    resultclass = WorkerResult


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

