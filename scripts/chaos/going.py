"""A run of djbuild that goes on, and what it tells meanwhile."""

import json
import os
import signal
import subprocess
import threading
import time

# Where in a run a blow may fall, and what tells that it is there.
MOMENTS = {
    "asked": lambda events: True,
    "begun": lambda events: has(events, "run_started"),
    "images": lambda events: has(events, "cell_phase", phase="images"),
    "services": lambda events: has(events, "cell_phase", phase="services"),
    "starting": lambda events: has(events, "cell_phase", phase="starting"),
    "loading": lambda events: has(events, "cell_phase", phase="loading"),
    "databases": lambda events: has(events, "cell_phase", phase="databases"),
    "testing": lambda events: has(events, "cell_phase", phase="testing"),
    "amid": lambda events: count(events, "test_finished") >= 40,
    "late": lambda events: count(events, "test_finished") >= 180,
    "totals": lambda events: has(events, "cell_totals"),
    "one ended": lambda events: has(events, "cell_finished"),
    "all ended": lambda events: events and count(events, "cell_finished") >= len(events[0]["cells"]),
}


def count(events, kind):
    return sum(event["event"] == kind for event in events)


def has(events, kind, **fields):
    return any(
        event["event"] == kind and all(event.get(key) == value for key, value in fields.items())
        for event in events
    )


class Going:
    """The process, its events as they come, its words in a file."""

    def __init__(self, command, cwd, environment, words, reads=True, stdout=None, stderr=None):
        self.events, self.broken = [], []
        self.more = threading.Condition()
        self.ended = False
        self.began = time.time()
        self.words = words
        self.process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if reads else stdout, stderr=stderr or open(words, "ab"),
            start_new_session=True,
        )
        self.reads_events = reads
        if reads:
            self.reader = threading.Thread(target=self._read, daemon=True)
            self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                event = None
            with self.more:
                if event is None:
                    self.broken.append(line)
                else:
                    self.events.append(event)
                self.more.notify_all()
        with self.more:
            self.ended = True
            self.more.notify_all()

    def until(self, moment, limit=180):
        """Waits for a moment; returns whether it came."""
        deadline = time.monotonic() + limit
        with self.more:
            while not MOMENTS[moment](self.events):
                if self.ended or not self.more.wait(max(0, deadline - time.monotonic())):
                    return MOMENTS[moment](self.events)
        return True

    def signal(self, name):
        try:
            self.process.send_signal(getattr(signal, f"SIG{name}"))
        except ProcessLookupError:
            pass

    def end(self, limit):
        """Waits for its end; returns whether it came within the limit of seconds."""
        try:
            self.process.wait(timeout=limit)
            in_time = True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            in_time = False
        if self.reads_events:
            self.reader.join(20)
        return in_time
