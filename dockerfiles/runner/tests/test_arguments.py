import tempfile
import unittest
from pathlib import Path

from djbuild_runner.arguments import options_of, runtests_arguments, take_apart

from .support import cell

OURS = ["--settings=djbuild_runner.django_settings", "--noinput"]
OPTIONS = {"--help", "--settings", "--selenium", "--shuffle", "--pdb", "--pair"}


def taken(*arguments):
    return take_apart(arguments, OPTIONS)


class Arguments(unittest.TestCase):
    def test_the_users_come_last_so_that_they_win(self):
        given = ["aggregation", "--shuffle", "--parallel", "4", "-v", "2"]
        self.assertEqual(runtests_arguments(cell(arguments=given)), OURS + given)

    def test_the_debugger_has_no_terminal_to_open(self):
        for typed in ("--pdb", "--pd"):
            with self.subTest(typed=typed):
                given = taken(typed, "basic")
                self.assertTrue(given.debugger)
                self.assertEqual(given.passed_on, ["basic"])
        self.assertFalse(taken("basic").debugger)

    def test_the_users_settings_do_not_replace_ours_however_they_are_typed(self):
        for option in (
            ["--settings", "theirs"],
            ["--settings=theirs"],
            ["--setting", "theirs"],
            ["--set=theirs"],
        ):
            with self.subTest(option=option):
                given = taken(*option, "basic")
                self.assertEqual(given.settings, "theirs")
                self.assertEqual(given.passed_on, ["basic"])

    def test_what_argparse_refuses_or_takes_for_another_option_is_passed_on(self):
        for typed in ("--se", "--p", "--shuf", "--settingsx=1", "-s", "se"):
            with self.subTest(typed=typed):
                self.assertEqual(taken(typed).passed_on, [typed])

    def test_an_option_without_a_rival_may_be_shorter(self):
        given = take_apart(["--se=theirs"], {"--settings", "--shuffle"})
        self.assertEqual(given.settings, "theirs")

    def test_after_two_dashes_nothing_is_an_option(self):
        given = taken("a", "--", "--settings", "--pdb")
        self.assertEqual(given.passed_on, ["a", "--", "--settings", "--pdb"])
        self.assertIsNone(given.settings)

    def test_without_a_settings_option_there_is_no_module(self):
        given = taken("a", "-k", "b")
        self.assertEqual((given.settings, given.passed_on), (None, ["a", "-k", "b"]))


class Options(unittest.TestCase):
    def options(self, source):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "runtests.py")
            script.write_text(source)
            return options_of(script)

    def test_they_are_those_of_the_trees_own_parser(self):
        found = self.options(
            'parser.add_argument("-v", "--verbosity", default="--no")\n'
            'print("--nonsense")\n'
        )
        self.assertIn("--verbosity", found)
        self.assertNotIn("--nonsense", found)
        self.assertNotIn("--no", found)

    def test_a_script_that_is_broken_or_absent_is_no_error_here(self):
        self.assertIn("--settings", self.options("def"))
        self.assertIn("--settings", options_of(Path("/nowhere/runtests.py")))


if __name__ == "__main__":
    unittest.main()
