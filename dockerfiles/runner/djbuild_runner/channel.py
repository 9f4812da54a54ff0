"""
The event stream: JSON lines on a private copy of standard output.

Tests print, close descriptors and replace ``sys.stdout``. None of it can reach
a descriptor they don't know, that child processes don't inherit, and that no
Python file object wraps (unclosed ones fail Django's suite, which turns
ResourceWarning into an error).
"""

import codecs
import json
import os
import sys
import threading

# The longest line sent, newline included. Values in Django's tests can be
# megabytes long; readers may rely on this bound.
LINE_LIMIT = 64 * 1024

STDOUT, STDERR = 1, 2

# Bound now: tests patch functions of the os module.
_write = os.write

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _spell_out(error):
    """Show a lone surrogate as the six characters of its escape."""
    text = error.object[error.start : error.end]
    return "".join("\\\\u%04x" % ord(character) for character in text), error.end


codecs.register_error("djbuild_spell_out", _spell_out)


class Channel:
    def __init__(self, descriptor):
        self._descriptor = descriptor
        self._lock = threading.Lock()

    @classmethod
    def take_stdout(cls):
        """Keep standard output for events; what is printed goes to stderr."""
        sys.stdout.flush()
        descriptor = os.dup(STDOUT)
        os.dup2(STDERR, STDOUT)
        # Two buffers now end in one log: keep their lines in order.
        sys.stdout.reconfigure(line_buffering=True)
        return cls(descriptor)

    def send(self, event, **fields):
        self.write(encode({"event": event, **fields}))

    def write(self, lines):
        """Write encoded events, whole and in one piece."""
        with self._lock:
            rest = memoryview(lines)
            while rest:
                rest = rest[_write(self._descriptor, rest) :]


class Silence:
    """The channel of a run nobody listens to."""

    def send(self, event, **fields):
        pass

    def write(self, lines):
        pass


def encode(event):
    """One line of valid UTF-8, its long texts cut until it fits."""
    line = _encode_whole(event)
    budget = LINE_LIMIT
    while len(line) > LINE_LIMIT:
        line = _encode_whole(
            {
                name: cut(value, budget) if isinstance(value, str) else value
                for name, value in event.items()
            }
        )
        budget = budget * 3 // 4
    return line


def cut(text, keep):
    """Leave the start and the end of a text, and say how much went."""
    if len(text) <= keep:
        return text
    head = keep - keep // 2
    tail = len(text) - keep // 2
    return f"{text[:head]}\n[... {tail - head} characters cut ...]\n{text[tail:]}"


def _encode_whole(event):
    return _to_json(event).encode("utf-8", "djbuild_spell_out") + b"\n"
