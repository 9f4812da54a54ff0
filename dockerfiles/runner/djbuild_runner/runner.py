"""The DiscoverRunner that Django's runtests.py is told to use."""

import os
import sys
import unittest
from time import perf_counter

from django.test.runner import DiscoverRunner as DjangoDiscoverRunner
from django.test.utils import iter_test_cases

from . import session
from .arguments import PROCESSES_VARIABLE, SETTINGS_MODULE
from .parallel import ParallelTestSuite, ParentResult
from .result import SerialResult, name, totals


class DiscoverRunner(DjangoDiscoverRunner):
    parallel_test_suite = ParallelTestSuite

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # It has been read, and Django's tests of it expect none.
        os.environ.pop(PROCESSES_VARIABLE, None)
        self.session = session.claim()
        self.channel = self.session.channel
        settings = sys.modules.get(SETTINGS_MODULE)
        for kind, sentence in getattr(settings, "disobeyed", ()):
            self.channel.send("notice", kind=kind, message=sentence)

    def load_tests_for_label(self, label, discover_kwargs):
        tests = super().load_tests_for_label(label, discover_kwargs)
        for test in iter_test_cases(tests):
            # unittest names what it can't import by one part of the label.
            if isinstance(test, unittest.loader._FailedTest):
                if f".{name(test)}." in f".{label}.":
                    test.djbuild_label = label
        return tests

    def build_suite(self, *args, **kwargs):
        suite = super().build_suite(*args, **kwargs)
        tests = suite.countTestCases()
        if self.parallel > 1 and tests < self.session.serial_below:
            # Starting processes would take longer than these tests.
            self.parallel = 1
            suite = self.test_suite(iter_test_cases(suite))
        self.channel.send("collected", tests=tests, parallel=max(1, self.parallel))
        return suite

    def setup_databases(self, **kwargs):
        self.session.readiness.ensure()
        started = perf_counter()
        old_config = super().setup_databases(**kwargs)
        self.channel.send(
            "databases_created", seconds=round(perf_counter() - started, 3)
        )
        return old_config

    def get_resultclass(self):
        """Django's class for these options, reporting as well."""
        base = super().get_resultclass() or self.test_runner.resultclass
        mixin = ParentResult if self.parallel > 1 else SerialResult
        return type(base.__name__, (mixin, base), {"channel": self.channel})

    def run_suite(self, suite, **kwargs):
        started = perf_counter()
        result = super().run_suite(suite, **kwargs)
        seconds = round(perf_counter() - started, 3)
        self.channel.send("end", **totals(result), seconds=seconds)
        self.session.suite_finished = True
        return result
