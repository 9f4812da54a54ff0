import json
import os
import unittest
from pathlib import Path
from unittest import mock

from djbuild_runner.cell import VARIABLE, Cell

LEAST = {"tree": "/django", "database": {"vendor": "sqlite"}}


class Reading(unittest.TestCase):
    def test_a_tree_and_a_database_are_enough(self):
        cell = Cell.from_json(json.dumps(LEAST))
        self.assertEqual(cell.tests, Path("/django/tests"))
        self.assertEqual(cell.parallel, 1)
        self.assertEqual(cell.arguments, [])

    def test_it_comes_from_the_environment(self):
        text = json.dumps({**LEAST, "arguments": ["größe"]})
        with mock.patch.dict(os.environ, {VARIABLE: text}):
            self.assertEqual(Cell.from_environment().arguments, ["größe"])

    def test_a_field_it_does_not_know_is_an_error(self):
        with self.assertRaisesRegex(TypeError, "paralel"):
            Cell.from_json(json.dumps({**LEAST, "paralel": 2}))


if __name__ == "__main__":
    unittest.main()
