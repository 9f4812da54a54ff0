"""
unittest's callbacks, turned into events.

A test's outcomes are held until it stops, when its duration is known: it may
have several, such as failing subtests, or a failure and then an error while
being torn down. The second and later ones are marked ``extra``, as are those
of things that are no test, such as setUpClass. So the events without the mark
count the tests run, and all events by outcome count what Django counts.
"""

import unittest

# Bound now: tests patch the clock.
from time import perf_counter

from .channel import encode
from .evidence import of_error

_FAILED_TO_LOAD = "unittest.loader._FailedTest."


class Reporting:
    """Mixed into a TestResult class that says what publishing means."""

    _held = None

    def publish(self, lines):
        raise NotImplementedError

    def startTest(self, test):
        self._held = []
        super().startTest(test)
        self._started = perf_counter()

    def stopTest(self, test):
        seconds = round(perf_counter() - self._started, 6)
        super().stopTest(test)
        held, self._held = self._held, None
        for position, event in enumerate(held):
            event["seconds"] = seconds
            if position:
                event["extra"] = True
        if held:
            self.publish(b"".join(map(encode, held)))

    def addSuccess(self, test):
        super().addSuccess(test)
        self._add(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._tell_why(err)
        self._add(test, "failed", traceback=self._format(test, err))

    def addError(self, test, err):
        super().addError(test, err)
        self._tell_why(err)
        self._add(test, "errored", traceback=self._format(test, err))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._add(test, "skipped", reason=str(reason))

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._add(test, "expected_failure")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._add(test, "unexpected_success")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            failed = issubclass(err[0], test.failureException)
            outcome = "failed" if failed else "errored"
            self._tell_why(err)
            self._add(subtest, outcome, traceback=self._format(test, err))

    def _tell_why(self, err):
        """At once: before the test is torn down, and with it what it filled."""
        facts = of_error(err[1])
        if facts:
            self.publish(b"".join(map(encode, facts)))

    def _format(self, test, err):
        # The one of TestResult, since RemoteTestResult's formats nothing.
        return unittest.TestResult._exc_info_to_string(self, err, test)

    def _add(self, test, outcome, **details):
        whole = getattr(test, "test_case", test)
        event = {"event": "test", "test": name(whole), "outcome": outcome}
        if test is not whole:
            event["subtest"] = test.id()[len(whole.id()) + 1 :]
        event.update(details)
        if self._held is None:
            self.publish(encode({**event, "seconds": 0.0, "extra": True}))
        else:
            self._held.append(event)


class SerialResult(Reporting):
    """Publishes at once, and says which test is running."""

    channel = None

    def publish(self, lines):
        self.channel.write(lines)

    def startTest(self, test):
        self.channel.send("started", test=name(test))
        super().startTest(test)


def name(test):
    """A test's id; of one that couldn't be loaded, the label it stands for."""
    label = getattr(test, "djbuild_label", None)
    if label:
        return label
    identity = test.id()
    if identity.startswith(_FAILED_TO_LOAD):
        return identity[len(_FAILED_TO_LOAD) :]
    return identity


def totals(result):
    """The counts of Django's closing lines."""
    return {
        "tests": result.testsRun,
        "failures": len(result.failures),
        "errors": len(result.errors),
        "skipped": len(result.skipped),
        "expected_failures": len(result.expectedFailures),
        "unexpected_successes": len(result.unexpectedSuccesses),
    }
