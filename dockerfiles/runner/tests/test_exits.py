import unittest

from djbuild_runner.exits import exit_code


class ExitCode(unittest.TestCase):
    def test_a_finished_suite_gives_djangos_own_verdict(self):
        self.assertEqual(exit_code(None, suite_began=True, suite_finished=True), 0)
        self.assertEqual(exit_code(1, suite_began=True, suite_finished=True), 1)

    def test_a_suite_that_began_and_never_finished_has_no_verdict(self):
        for code in (None, 0, 1, 2):
            with self.subTest(code=code):
                self.assertEqual(exit_code(code, True, False), 70)

    def test_bad_arguments_keep_the_code_of_argparse(self):
        self.assertEqual(exit_code(2, suite_began=False, suite_finished=False), 2)

    def test_a_refusal_to_start_is_no_test_failure(self):
        for code in (1, "settings are wrong"):
            with self.subTest(code=code):
                self.assertEqual(exit_code(code, False, False), 70)

    def test_help_and_bisection_succeed_without_a_suite(self):
        self.assertEqual(exit_code(None, suite_began=False, suite_finished=False), 0)

    def test_an_unready_service_is_told_apart_whenever_it_was_noticed(self):
        for began in (False, True):
            self.assertEqual(exit_code(75, began, False), 75)


if __name__ == "__main__":
    unittest.main()
