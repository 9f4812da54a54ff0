"""The kinds of blows."""

from .containers import CellStruck, DatabaseStruck, ImageRemoved
from .engines import Cut, HalfOpen, Refused, Restarted, Twice
from .process import Ended, Interrupted, InterruptedTwice, Killed, OneOfTwo, Stopped
from .surroundings import Full, StateGone, Unread

KINDS = [
    kind() for kind in (
        Killed, Interrupted, InterruptedTwice, Ended, Stopped, Restarted, CellStruck, DatabaseStruck,
        Cut, HalfOpen, Refused, Full, StateGone, Unread, OneOfTwo, ImageRemoved, Twice,
    )
]
