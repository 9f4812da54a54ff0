import errno
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from djbuild_runner import evidence, notes, server
from djbuild_runner.evidence import (
    full_file_systems,
    killed_for_memory,
    made_by_a_statement,
    of_error,
)


def caught(action):
    try:
        action()
    except BaseException as error:
        return error


def no_space():
    """As the system itself says it."""
    with open("/dev/full", "wb", buffering=0) as file:
        file.write(b"x")


def claim():
    raise OSError(errno.ENOSPC, "No space left on device")


def assertion():
    raise AssertionError("[Errno 28] No space left on device")


class Told(unittest.TestCase):
    def setUp(self):
        evidence._told.clear()
        patch = mock.patch.object(evidence, "shortages", list)
        patch.start()
        self.addCleanup(patch.stop)


@unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
class Space(Told):
    def test_what_the_system_refused_is_told_once(self):
        error = caught(no_space)
        self.assertEqual(of_error(error), [{"event": "full", "path": None}])
        self.assertEqual(of_error(error), [])

    def test_it_may_be_behind_the_error_that_failed_the_test(self):
        def behind():
            try:
                no_space()
            except OSError as error:
                raise RuntimeError("cannot save") from error

        def beside():
            try:
                no_space()
            except OSError:
                raise RuntimeError("cannot save")

        for action in (behind, beside):
            with self.subTest(action=action.__name__):
                evidence._told.clear()
                self.assertEqual(len(of_error(caught(action))), 1)

    def test_what_a_test_claims_is_no_evidence(self):
        pretender = mock.Mock(side_effect=OSError(errno.ENOSPC, "full"))
        for action in (claim, assertion, pretender):
            with self.subTest(action=action):
                self.assertEqual(of_error(caught(action)), [])
        self.assertEqual(of_error(OSError(errno.ENOSPC, "never raised")), [])
        self.assertEqual(of_error(None), [])

    def test_who_raised_an_error_is_known_after_it_was_raised_again(self):
        def again():
            try:
                no_space()
            except OSError as error:
                raise error

        self.assertFalse(made_by_a_statement(caught(again)))
        self.assertTrue(made_by_a_statement(caught(claim)))
        self.assertFalse(made_by_a_statement(caught(lambda: {}["x"])))

    def test_a_group_or_a_circle_of_errors_is_gone_through(self):
        error = RuntimeError("several")
        error.exceptions = [caught(no_space)]
        error.__context__ = error.exceptions[0]
        error.exceptions[0].__context__ = error
        self.assertEqual(len(of_error(error)), 1)


class FileSystems(unittest.TestCase):
    def found(self, **system):
        values = {
            "f_blocks": 100,
            "f_bavail": 1 << 20,
            "f_frsize": 4096,
            "f_files": 100,
            "f_favail": 50,
            "f_flag": 0,
            **system,
        }
        with mock.patch.object(evidence, "_statvfs") as asked:
            asked.return_value = mock.Mock(**values)
            return list(full_file_systems(["/", "/"]))

    def test_one_with_room_is_not_told(self):
        self.assertEqual(self.found(), [])

    def test_one_without_bytes_or_without_files_is_told_once(self):
        (fact,) = self.found(f_bavail=3)
        self.assertEqual((fact["path"], fact["free"]), ("/", 3 * 4096))
        (fact,) = self.found(f_favail=0)
        self.assertEqual(fact["inodes"], 0)

    def test_one_that_counts_no_files_or_has_no_size_is_not_full(self):
        self.assertEqual(self.found(f_files=0, f_favail=0), [])
        self.assertEqual(self.found(f_blocks=0, f_bavail=0), [])
        self.assertEqual(self.found(f_bavail=0, f_flag=os.ST_RDONLY), [])

    def test_a_folder_that_is_not_there_is_not_full(self):
        self.assertEqual(list(full_file_systems(["/nowhere"])), [])


class Memory(unittest.TestCase):
    def found(self, *contents):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number, content in enumerate(contents):
                files.append(Path(folder, str(number)))
                files[-1].write_text(content)
            return list(killed_for_memory(["/nowhere", *files]))

    def test_the_kernels_count_is_told_in_both_of_its_forms(self):
        killed = [{"event": "out_of_memory", "kills": 2}]
        second = "low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n"
        first = "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"
        self.assertEqual(self.found(second), killed)
        self.assertEqual(self.found(first), killed)

    def test_where_none_was_killed_or_nobody_counts_nothing_is_told(self):
        self.assertEqual(self.found("oom_kill_disable 0\noom_kill 0\n"), [])
        self.assertEqual(self.found("under_oom 0\n"), [])
        self.assertEqual(self.found(), [])


def driver(name, error):
    """A module of this name whose connect raises error."""
    source = "def connect(error):\n    raise error\n"
    module = {"__name__": name}
    exec(compile(source, name, "exec"), module)
    return lambda: module["connect"](error)


class Servers(Told):
    def error(self, package, *arguments, **attributes):
        kind = type("OperationalError", (Exception,), {"__module__": package})
        error = kind(*arguments)
        vars(error).update(attributes)
        return error

    def told(self, action):
        evidence._told.clear()
        return [fact.get("code") for fact in of_error(caught(action))]

    def test_a_drivers_own_code_is_told(self):
        for package, error, code in (
            ("psycopg", self.error("psycopg.errors", sqlstate="57P02"), "57P02"),
            ("psycopg2", self.error("psycopg2.errors", pgcode="53100"), "53100"),
            ("MySQLdb", self.error("MySQLdb", 1040, "Too many"), "1040"),
        ):
            with self.subTest(package=package):
                inside = driver(f"{package}.connection", error)
                self.assertEqual(self.told(inside), [code])

    def test_the_same_error_raised_by_a_test_is_not(self):
        def raising():
            raise self.error("psycopg.errors", "too many clients", sqlstate="53300")

        self.assertEqual(self.told(raising), [])

    def test_of_an_error_without_a_code_the_server_is_asked(self):
        lost = self.error("MySQLdb", 2013, "Lost connection")
        confused = self.error("MySQLdb", 2014, "Commands out of sync")
        for inside, codes in (
            (driver("psycopg.connection", self.error("psycopg")), []),
            (driver("MySQLdb.connections", confused), []),
            (driver("MySQLdb.connections", lost), ["08006"]),
        ):
            with mock.patch.object(server, "trouble") as trouble:
                trouble.return_value = None
                self.assertEqual(self.told(inside), codes)
                trouble.return_value = ("57P02", "it has crashed and recovered")
                self.assertEqual(self.told(inside), ["57P02"])

    def test_an_error_of_somebody_else_with_a_code_is_not(self):
        inside = driver("app.models", self.error("app.models", sqlstate="53300"))
        self.assertEqual(self.told(inside), [])


class Asking(unittest.TestCase):
    def setUp(self):
        patch = mock.patch.dict(os.environ)
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(notes.folder.cache_clear)
        notes.open_folder()
        notes.server_is_at("first")

    def trouble(self, answer):
        probe = mock.Mock(side_effect=[answer, answer])
        with mock.patch.object(server, "_probe", probe):
            with mock.patch.object(server, "_found", False):
                return server.trouble(), server.trouble()

    def test_one_that_lives_on_as_before_is_in_no_trouble(self):
        self.assertEqual(self.trouble(("PostgreSQL 17.2", "first")), (None, None))

    def test_one_that_was_taken_up_again_is_told_once(self):
        found, again = self.trouble(("PostgreSQL 17.2", "second"))
        self.assertEqual(found[0], "57P02")
        self.assertIsNone(again)

    def test_one_that_lets_nobody_in_is_told_with_its_words(self):
        (code, sentence), _ = self.trouble(OSError("too many clients"))
        self.assertEqual(code, "08001")
        self.assertIn("too many clients", sentence)

    def test_a_database_without_a_server_is_not_asked(self):
        self.assertIsNone(server.trouble())


if __name__ == "__main__":
    unittest.main()
