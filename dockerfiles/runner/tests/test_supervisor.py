import json
import os
import signal
import subprocess
import sys
import time
import unittest

SUPERVISED = """
import os, signal, subprocess, sys, time
from djbuild_runner import notes, supervisor
from djbuild_runner.channel import Channel
from djbuild_runner.supervisor import supervise, write_stacks_when_asked

# What this machine is short of is no part of it.
supervisor.shortages = list
channel = Channel.take_stdout()
notes.open_folder()

def suite():
    notes.note_signals()
    write_stacks_when_asked()
    channel.send("ready", pid=os.getpid())
    return run()

def run():
    {}

sys.exit(supervise(channel, suite))
"""

# The suite speaks long before the process above it goes on.
SLOW_PARENT = """
import os, time

def fork(fork=os.fork):
    child = fork()
    if child:
        time.sleep(0.5)
    return child

os.fork = fork
"""

# In C code that never lets another thread of Python run.
ENDLESS_MATCH = "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')"

ENDLESS_WORKER = """
    import multiprocessing

    def work():
        write_stacks_when_asked()
        notes.at_test("a.B.hangs")
        channel.send("started")
        time.sleep(60)

    worker = multiprocessing.get_context("fork").Process(target=work)
    worker.start()
    worker.join()
"""


class Ran:
    def __init__(self, process):
        self.process = process
        self.events = [self.next()]

    def next(self):
        return json.loads(self.process.stdout.readline())

    def end(self):
        out, err = self.process.communicate(timeout=30)
        self.events += [json.loads(line) for line in out.splitlines() if line]
        self.log = err.decode()
        return self.process.returncode


def start(body, before=""):
    return Ran(
        subprocess.Popen(
            [sys.executable, "-c", before + SUPERVISED.format(body)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # What is read ahead of a line would be lost to communicate().
            bufsize=0,
            preexec_fn=as_in_a_container,
        )
    )


def as_in_a_container():
    """No signal is ignored, as SIGINT is in what a shell starts in the background."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def ended(**fields):
    return {"event": "ended", "signal": None, "exit": None, "own": False, **fields}


class Ends(unittest.TestCase):
    def check(self, body, status, *events):
        ran = start(body)
        self.assertEqual(ran.end(), status)
        self.assertEqual(ran.events[1:], list(events))

    def test_a_verdict_is_passed_on_without_a_word(self):
        self.check("return 0", 0)
        self.check("return 1", 1)
        self.check("sys.exit(70)", 70)

    def test_a_crash_is_a_signal_that_nobody_sent(self):
        body = "import ctypes; ctypes.string_at(0)"
        self.check(body, 128 + 11, ended(signal=11))

    def test_a_signal_the_suite_sends_itself_is_its_own(self):
        for send in (
            "os.kill(os.getpid(), 15)",
            "os.kill(os.getpid(), signal.SIGKILL)",
            "signal.raise_signal(15)",
            "os.kill(0, 9) if os.setpgrp() is None else 0",
        ):
            with self.subTest(send=send):
                ran = start(send)
                status = ran.end() - 128
                self.assertIn(status, (9, 15))
                self.assertEqual(ran.events[1:], [ended(signal=status, own=True)])

    def test_a_signal_of_somebody_else_is_not(self):
        for number in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(number=number):
                ran = start("time.sleep(60)")
                os.kill(ran.events[0]["pid"], number)
                self.assertEqual(ran.end(), 128 + number)
                self.assertEqual(ran.events[1:], [ended(signal=int(number))])

    def test_one_for_the_container_is_passed_on_and_told(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number=number):
                ran = start("time.sleep(60)")
                ran.process.send_signal(number)
                self.assertEqual(ran.end(), 128 + number)
                self.assertEqual(ran.events[1:], [ended(signal=int(number))])

    def test_one_that_comes_before_the_supervisor_is_ready_waits_for_it(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number=number):
                ran = start("time.sleep(60)", before=SLOW_PARENT)
                ran.process.send_signal(number)
                self.assertEqual(ran.end(), 128 + number)
                self.assertEqual(ran.events[1:], [ended(signal=int(number))])

    def test_an_end_in_the_middle_of_a_line_leaves_a_line_of_its_own(self):
        ran = start("channel.write(b'half a li'); os.kill(os.getpid(), 9)")
        out, _ = ran.process.communicate(timeout=30)
        self.assertEqual(json.loads(out.splitlines()[-1]), ended(signal=9, own=True))

    def test_a_status_that_looks_like_a_signal_is_told_to_be_none(self):
        self.check("os._exit(143)", 143, ended(exit=143))


class Hangs(unittest.TestCase):
    def test_the_stacks_of_all_threads_come_even_from_within_c_code(self):
        ran = start(
            "print('..', end='', flush=True); import threading;"
            " threading.Thread(target=time.sleep, args=[60], daemon=True).start();"
            f" {ENDLESS_MATCH}"
        )
        time.sleep(0.5)
        ran.process.send_signal(signal.SIGQUIT)
        ran.process.send_signal(signal.SIGQUIT)
        self.assertEqual(ran.end(), 128 + 6)
        self.assertEqual(ran.events[1:], [{"event": "hung", "tests": []}])
        self.assertIn("djbuild: the stack of every thread:", ran.log.splitlines())
        self.assertIn("in match", ran.log)
        self.assertEqual(ran.log.count("hread 0x"), 2, ran.log)

    def test_the_stacks_of_workers_come_with_the_names_of_their_tests(self):
        ran = start(ENDLESS_WORKER)
        ran.next()
        ran.process.send_signal(signal.SIGABRT)
        self.assertEqual(ran.end(), 128 + 6)
        self.assertEqual(ran.events[-1], {"event": "hung", "tests": ["a.B.hangs"]})
        before, _, after = ran.log.partition("the process of a.B.hangs:\n")
        self.assertIn("in work", after)
        _, _, parent = after.partition("the process of the suite:\n")
        self.assertIn("in join", parent)


if __name__ == "__main__":
    unittest.main()
