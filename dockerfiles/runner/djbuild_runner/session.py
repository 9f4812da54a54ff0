"""
What the parts of one run share.

Django makes the test runner, from a dotted path, so it can't be handed
anything: it claims the session instead. Only the first claim gets it. Django's
own tests of test runners make more, and those runs are nobody's business. In
worker processes and in the subprocesses of ``--bisect`` there is none to claim.
"""

from .channel import Silence


class Session:
    def __init__(self, channel, readiness, serial_below=0):
        self.channel = channel
        self.readiness = readiness
        self.serial_below = serial_below
        self.suite_began = False
        self.suite_finished = False


class _Nothing:
    """The readiness of a run that has no services to wait for."""

    def ensure(self):
        pass


_open = None


def open_session(channel, readiness, serial_below):
    global _open
    _open = Session(channel, readiness, serial_below)
    return _open


def claim():
    global _open
    claimed, _open = _open or Session(Silence(), _Nothing()), None
    claimed.suite_began = True
    return claimed
