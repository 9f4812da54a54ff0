import tempfile
import unittest
from pathlib import Path
from unittest import mock

from djbuild_runner import __main__ as main


class MissingRequirements(unittest.TestCase):
    def missing(self, content):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "missing-requirements.txt")
            if content is not None:
                path.write_text(content)
            with mock.patch.object(main, "MISSING", path):
                return main.missing_requirements()

    def test_they_are_those_the_image_names(self):
        self.assertEqual(self.missing("pylibmc; x\nnumpy\n"), ["pylibmc; x", "numpy"])

    def test_an_image_that_has_all_or_does_not_say_lacks_none(self):
        self.assertEqual(self.missing(""), [])
        self.assertEqual(self.missing(None), [])


class Leaving(unittest.TestCase):
    def left(self, source):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "script.py")
            script.write_text(source)
            return main.run_script(script)

    def test_how_a_script_left_is_kept_with_what_was_behind_it(self):
        leaving = self.left(
            "import sys\ntry:\n    {}['x']\nexcept KeyError:\n    sys.exit(2)\n"
        )
        self.assertEqual(leaving.code, 2)
        self.assertIsInstance(leaving.__context__, KeyError)

    def test_one_that_comes_to_its_end_did_not_leave(self):
        self.assertIsNone(self.left("pass"))


if __name__ == "__main__":
    unittest.main()
