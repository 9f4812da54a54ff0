import unittest

from djbuild_runner.arguments import runtests_arguments, split_settings

from .support import cell

OURS = ["--settings=djbuild_runner.django_settings", "--noinput"]


class Arguments(unittest.TestCase):
    def test_the_users_come_last_so_that_they_win(self):
        given = ["aggregation", "--shuffle", "--parallel", "4", "-v", "2"]
        self.assertEqual(runtests_arguments(cell(arguments=given)), OURS + given)

    def test_the_debugger_has_no_terminal_to_open(self):
        given = ["--pdb", "basic"]
        self.assertEqual(runtests_arguments(cell(arguments=given)), OURS + ["basic"])

    def test_the_users_settings_do_not_replace_ours(self):
        for option in (["--settings", "theirs"], ["--settings=theirs"]):
            given = [*option, "basic"]
            with self.subTest(given=given):
                arguments = runtests_arguments(cell(arguments=given))
                self.assertEqual(arguments, OURS + ["basic"])
                self.assertEqual(split_settings(given), ("theirs", ["basic"]))

    def test_without_a_settings_option_there_is_no_module(self):
        self.assertEqual(split_settings(["a", "-k", "b"]), (None, ["a", "-k", "b"]))


if __name__ == "__main__":
    unittest.main()
