import json
import os
import unittest

from djbuild_runner.channel import LINE_LIMIT, Channel, cut, encode

from .support import python

TAKE_STDOUT = """
import os, subprocess, sys
from djbuild_runner.channel import Channel
channel = Channel.take_stdout()
"""


class TakingStdout(unittest.TestCase):
    def test_only_events_reach_standard_output(self):
        ran = python(
            TAKE_STDOUT
            + """
print("printed")
os.write(1, b"written")
subprocess.run(["echo", "echoed"])
channel.send("hello")
"""
        )
        self.assertEqual(ran.stdout, b'{"event":"hello"}\n')
        self.assertEqual(ran.stderr, b"printed\nwrittenechoed\n")

    def test_what_is_printed_keeps_its_place_in_the_log(self):
        ran = python(
            TAKE_STDOUT
            + """
print("first")
print("second", file=sys.stderr)
print("third")
"""
        )
        self.assertEqual(ran.stderr, b"first\nsecond\nthird\n")

    def test_events_survive_the_loss_of_descriptor_1_and_of_sys_stdout(self):
        ran = python(
            TAKE_STDOUT
            + """
sys.stdout.close()
os.close(1)
channel.send("hello")
"""
        )
        self.assertEqual(ran.stdout, b'{"event":"hello"}\n')

    def test_child_processes_do_not_inherit_the_stream(self):
        ran = python(
            TAKE_STDOUT
            + """
descriptor = channel._descriptor
status = subprocess.run(
    [sys.executable, "-c", f"import os; os.fstat({descriptor})"], close_fds=False
)
channel.send("child", failed=status.returncode != 0)
"""
        )
        self.assertEqual(ran.stdout, b'{"event":"child","failed":true}\n')


class Writing(unittest.TestCase):
    def test_a_line_larger_than_the_pipe_arrives_whole(self):
        lines = encode({"event": "test", "traceback": "x" * 60_000}) * 10
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.close(reading)
            Channel(writing).write(lines)
            os._exit(0)
        os.close(writing)
        with open(reading, "rb") as stream:
            received = stream.read()
        os.wait()
        self.assertEqual(received, lines)


class Encoding(unittest.TestCase):
    def test_a_line_has_no_line_breaks_within(self):
        line = encode({"event": "test", "reason": "one\ntwo\r\u2028three"})
        self.assertEqual(line.count(b"\n"), 1)
        self.assertEqual(json.loads(line)["reason"], "one\ntwo\r\u2028three")

    def test_other_scripts_are_sent_as_they_are(self):
        self.assertIn("größe_名前".encode(), encode({"test": "größe_名前"}))

    def test_lone_surrogates_are_spelled_out(self):
        line = encode({"reason": "a\udc80\ud800b \\ud83d"})
        self.assertEqual(json.loads(line)["reason"], "a\\udc80\\ud800b \\ud83d")

    def test_a_line_never_exceeds_the_limit(self):
        for unit in ("x", "ü€", "\0", "\udc80"):
            text = unit * 500_000
            with self.subTest(unit=unit):
                line = encode({"test": text, "traceback": text, "subtest": text})
                self.assertLessEqual(len(line), LINE_LIMIT)
                json.loads(line)

    def test_a_line_that_fits_is_not_touched(self):
        text = "x" * (LINE_LIMIT - len(encode({"reason": ""})))
        line = encode({"reason": text})
        self.assertEqual(len(line), LINE_LIMIT)
        self.assertEqual(json.loads(line)["reason"], text)

    def test_short_fields_of_a_long_event_are_not_touched(self):
        event = json.loads(encode({"test": "a.b.c", "traceback": "x" * 1_000_000}))
        self.assertEqual(event["test"], "a.b.c")

    def test_cutting_keeps_both_ends_and_says_how_much_went(self):
        self.assertEqual(
            cut("start" + "x" * 100 + "end", 10),
            "start\n[... 98 characters cut ...]\nxxend",
        )


if __name__ == "__main__":
    unittest.main()
