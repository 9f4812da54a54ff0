"""
What the exit code says.

0 and 1 are Django's own: the suite ran, and its tests passed or failed. Any
other one means that there is no verdict, and never that a test failed.
"""

PASSED = 0
FAILED = 1
USAGE = 2
BROKEN = 70
UNREADY = 75


class WorkerCrashed(Exception):
    """A parallel worker died; the suite cannot be finished."""


def exit_code(left_with, suite_began, suite_finished):
    """
    Judge the code runtests.py left with.

    Django leaves with 1, and its MySQL backend with others, when it cannot
    create or copy a database too; only a suite that finished has a verdict.
    """
    if left_with == UNREADY:
        return UNREADY
    if suite_began and not suite_finished:
        return BROKEN
    if left_with in (None, PASSED):
        return PASSED
    if left_with == FAILED and suite_finished:
        return FAILED
    if left_with == USAGE and not suite_began:
        return USAGE
    return BROKEN
