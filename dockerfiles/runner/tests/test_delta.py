import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from djbuild_runner.delta import VARIABLE, delete_listed


class DeletingWhatIsListed(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.delta = Path(directory.name, "delta")
        self.tree = Path(directory.name, "tree")
        self.delta.mkdir()
        (self.tree / "django").mkdir(parents=True)
        patch = mock.patch.dict(os.environ, {VARIABLE: str(self.delta)})
        patch.start()
        self.addCleanup(patch.stop)

    def delete(self, *names):
        (self.delta / "deleted").write_bytes(b"".join(name + b"\0" for name in names))
        delete_listed(self.tree)

    def test_listed_files_go_and_others_stay(self):
        for name in ("gone.py", "größe \n.py", "stays.py"):
            (self.tree / "django" / name).touch()
        self.delete(b"django/gone.py", "django/größe \n.py".encode())
        self.assertEqual(os.listdir(self.tree / "django"), ["stays.py"])

    def test_names_need_not_be_text(self):
        name = b"django/\xff.py"
        open(os.path.join(os.fsencode(self.tree), name), "w").close()
        self.delete(name)
        self.assertEqual(os.listdir(self.tree / "django"), [])

    def test_a_file_already_gone_is_fine(self):
        self.delete(b"django/never_was.py")

    def test_without_a_list_nothing_happens(self):
        delete_listed(self.tree)

    def test_a_link_goes_and_its_target_stays(self):
        (self.tree / "target").touch()
        (self.tree / "link").symlink_to("target")
        self.delete(b"link")
        self.assertEqual(sorted(os.listdir(self.tree)), ["django", "target"])

    def test_files_outside_the_tree_are_refused(self):
        for name in (b"../outside", b"/outside", b"django/../../outside"):
            with self.subTest(name=name):
                with self.assertRaisesRegex(ValueError, "outside the tree"):
                    self.delete(name)


if __name__ == "__main__":
    unittest.main()
