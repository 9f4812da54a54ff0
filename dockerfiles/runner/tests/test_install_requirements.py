import importlib.util
import io
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

SCRIPT = Path(__file__).parents[2] / "python/build/install_requirements.py"

# As uv 0.13 and pip 24 say it.
REFUSED = """error: Request failed after 3 retries in 1.8s
  cause: Failed to fetch: https://pypi.org/simple/asgiref/
  cause: error sending request for url (https://pypi.org/simple/asgiref/)
  cause: client error (Connect)
"""
BUSY = """error: Request failed after 3 retries in 1.4s
  cause: HTTP status client error (429 Too Many Requests) for url (https://pypi.org)
"""
FORBIDDEN = """error: No solution found when resolving dependencies
  cause: Because asgiref was not found in the package registry

hint: An index (https://pypi.org/simple) returned a 403 Forbidden error.
"""
BUILD_NETWORK = """  × Failed to build `x`
  cause: error sending request for url (https://pypi.org/simple/setuptools/)
"""
PIP = "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnection'"
NO_WHEEL = """error: No solution found when resolving dependencies
  cause: Because there is no version of pylibmc and you require pylibmc
"""
COMPILER = """error: The build backend returned an error
  cause: Call to `build_wheel` failed (exit status: 1)
         [stderr] fatal error: connection.h: No such file or directory
"""


def load():
    spec = importlib.util.spec_from_file_location("install_requirements", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


install = load()


class Attempts(unittest.TestCase):
    def succeeds(self, *ends):
        """Whether it succeeds, and how often it was tried."""
        self.pauses = []
        ends = iter(ends)
        with redirect_stdout(io.StringIO()):
            return install.succeeds(["uv"], lambda _: next(ends), self.pauses.append)

    def test_what_a_python_cannot_have_is_not_tried_again(self):
        for said in (NO_WHEEL, COMPILER):
            self.assertFalse(self.succeeds((1, said)))
            self.assertEqual(self.pauses, [])

    def test_a_network_that_fails_is_tried_again_and_may_recover(self):
        for status, said in (
            (2, REFUSED),
            (2, BUSY),
            (1, FORBIDDEN),
            (1, BUILD_NETWORK),
            (1, PIP),
        ):
            with self.subTest(said=said):
                self.assertTrue(self.succeeds((status, said), (0, "")))
                self.assertEqual(len(self.pauses), 1)

    def test_a_network_that_stays_away_fails_the_build_and_removes_nothing(self):
        with self.assertRaises(install.NetworkFailed) as caught:
            self.succeeds(*[(2, REFUSED)] * 4)
        self.assertEqual(self.pauses, [2, 8, 30])
        self.assertIn("Request failed after 3 retries", str(caught.exception))

    def test_what_nobody_knows_fails_the_build_too(self):
        with self.assertRaisesRegex(SystemExit, "exit status 2"):
            self.succeeds((2, "error: Couldn't parse requirement"))


class Missing(unittest.TestCase):
    def missing(self, available):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "py3.txt").write_text("asgiref\npylibmc; x\n# no\nredis\n")

            def succeeds(command):
                wanted = command[-1]
                return "asgiref" in wanted or wanted in available

            with mock.patch.object(install, "succeeds", succeeds):
                with redirect_stdout(io.StringIO()):
                    # All of them at once is "-r …/py3.txt", and fails.
                    available = {*available, "uv"}
                    install.main(folder, folder, folder)
            return Path(folder, "missing-requirements.txt").read_text().splitlines()

    def test_those_that_fail_by_themselves_are_written_down(self):
        self.assertEqual(self.missing({"redis"}), ["pylibmc; x"])


if __name__ == "__main__":
    unittest.main()
