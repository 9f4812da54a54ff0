import os
import socket
import unittest
from unittest import mock

from djbuild_runner import notes
from djbuild_runner.drivers import mysql_server
from djbuild_runner.readiness import Readiness, cache_addresses

from .support import cell


class Recorder:
    def __init__(self):
        self.events = []

    def send(self, event, **fields):
        self.events.append((event, fields))


class CacheAddresses(unittest.TestCase):
    def test_every_server_of_every_cache_is_waited_for(self):
        caches = {"memcached": ["one:1", "two"], "redis": "redis://three/0"}
        self.assertEqual(
            list(cache_addresses(caches)),
            [
                ("memcached", ("one", 1)),
                ("memcached", ("two", 11211)),
                ("redis", ("three", 6379)),
            ],
        )

    def test_a_password_is_no_part_of_the_address(self):
        addresses = cache_addresses({"redis": "redis://:secret@three:7/0"})
        self.assertEqual(list(addresses), [("redis", ("three", 7))])


class Waiting(unittest.TestCase):
    def setUp(self):
        patch = mock.patch.dict(os.environ)
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(notes.folder.cache_clear)
        notes.open_folder()
        self.channel = Recorder()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.server = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def readiness(self, timeout):
        caches = {"memcached": [self.server]}
        readiness = Readiness(cell(caches=caches, ready_timeout=timeout), self.channel)
        readiness.start()
        return readiness

    def test_it_ends_when_every_service_answers(self):
        self.readiness(timeout=60).ensure()
        ((event, fields),) = self.channel.events
        self.assertEqual((event, fields["driver"]), ("database_ready", "sqlite3"))

    def test_the_run_ends_when_a_service_never_answers(self):
        self.listener.close()
        with self.assertRaises(SystemExit) as caught:
            self.readiness(timeout=0.2).ensure()
        self.assertEqual(caught.exception.code, 75)
        event, fields = self.channel.events[-1]
        self.assertEqual((event, fields["service"]), ("unready", "memcached"))
        self.assertIn("refused", fields["message"])

    def test_the_first_connection_waits_and_later_ones_are_djangos_own(self):
        class Wrapper:
            def connect(self):
                return "connected"

        original = Wrapper.connect
        readiness = self.readiness(timeout=60)
        readiness.guard(Wrapper)
        self.assertIsNot(Wrapper.connect, original)
        self.assertEqual(Wrapper().connect(), "connected")
        self.assertIs(Wrapper.connect, original)
        self.assertEqual(len(self.channel.events), 1)


class ServerNames(unittest.TestCase):
    def test_mysql_and_mariadb_are_told_apart_by_their_versions(self):
        for version, name in {
            "8.4.3": "MySQL 8.4.3",
            "8.0.36-0ubuntu0.22.04.1": "MySQL 8.0.36",
            "11.8.3-MariaDB-0+deb13u1": "MariaDB 11.8.3",
            "5.5.5-10.5.23-MariaDB-1:10.5.23+maria": "MariaDB 10.5.23",
        }.items():
            with self.subTest(version=version):
                self.assertEqual(mysql_server(version), name)


if __name__ == "__main__":
    unittest.main()
