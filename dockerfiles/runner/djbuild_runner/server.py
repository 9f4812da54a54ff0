"""
Asking the database server itself whether a failure is its own.

An error of its driver often has no code: whoever loses a connection or isn't let
in learns no SQLSTATE. Then the runner connects as at the start of the run.
"""

from . import notes
from .drivers import probe

# Seconds for one connection on a network that drops packets.
PATIENCE = 5

# SQLSTATEs for what was found: crash_shutdown, and
# sqlclient_unable_to_establish_sqlconnection.
CRASHED, CLOSED = "57P02", "08001"

_probe = None
_found = False


def know(database):
    """In each process of the suite, on its main thread."""
    global _probe
    if database["vendor"] != "sqlite":
        _probe = probe(database)


def trouble():
    """
    A code and a sentence if the server is in trouble or was; else None. Once it
    was, nothing more is asked: hundreds of tests may fail of one crash.
    """
    global _found
    if _probe is None or _found:
        return None
    found = _ask()
    _found = found is not None
    return found


def _ask():
    try:
        _, epoch = _probe(PATIENCE)
    # Whatever it is: it was the same call that went well before.
    except Exception as error:
        return CLOSED, f"it takes no connections: {error}"
    if epoch != (notes.epoch_of_server() or epoch):
        return CRASHED, "it has crashed and recovered"
    return None
