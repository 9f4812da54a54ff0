import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

from djbuild_runner import settings as module
from djbuild_runner.settings import TEST_RUNNER, generate, overruled

from .support import cell

BASE = {"DATABASES": {"default": {}, "other": {}}, "USE_TZ": False}


def settings(vendor="sqlite", user=(), **fields):
    return generate(cell(vendor, **fields), BASE, dict(user))


class Databases(unittest.TestCase):
    def test_sqlite_stays_as_the_tree_has_it(self):
        self.assertEqual(settings()["DATABASES"], BASE["DATABASES"])

    def test_two_databases_of_one_engine_have_different_names(self):
        for vendor in ("postgresql", "mysql", "mariadb"):
            with self.subTest(vendor=vendor):
                databases = settings(vendor)["DATABASES"]
                default, other = databases["default"], databases["other"]
                self.assertEqual(default["NAME"], "django_3")
                self.assertEqual(other["NAME"], "django_3_other")
                self.assertEqual({**other, "NAME": "django_3"}, default)

    def test_mysql_and_mariadb_are_one_engine_with_four_byte_utf8(self):
        for vendor in ("mysql", "mariadb"):
            with self.subTest(vendor=vendor):
                database = settings(vendor)["DATABASES"]["default"]
                self.assertEqual(database["ENGINE"], "django.db.backends.mysql")
                self.assertEqual(database["OPTIONS"]["charset"], "utf8mb4")
                self.assertEqual(database["TEST"]["CHARSET"], "utf8mb4")

    def test_options_of_a_variant_are_laid_over_those_of_the_database(self):
        def made(vendor):
            plain = cell(vendor)
            options = {"charset": "latin1", "x": True}
            varied = replace(plain, database={**plain.database, "options": options})
            return generate(varied, BASE, {})["DATABASES"]

        for vendor in ("sqlite", "postgresql", "mariadb"):
            with self.subTest(vendor=vendor):
                for entry in made(vendor).values():
                    self.assertIs(entry["OPTIONS"]["x"], True)
        options = made("mariadb")["default"]["OPTIONS"]
        self.assertEqual(options["charset"], "latin1")
        self.assertIn("read_default_file", options)

    def test_the_mysql_option_file_exists(self):
        options = settings("mariadb")["DATABASES"]["default"]["OPTIONS"]
        self.assertTrue(Path(options["read_default_file"]).is_file())

    def test_oracle_has_one_service_and_users_of_each_cell(self):
        databases = settings("oracle")["DATABASES"]
        self.assertEqual(databases["default"]["NAME"], "db:1234/FREEPDB1")
        self.assertEqual(databases["other"]["NAME"], "db:1234/FREEPDB1")
        self.assertEqual(databases["default"]["TEST"]["USER"], "django_3_default")
        self.assertEqual(databases["other"]["TEST"]["USER"], "django_3_other")


class Caches(unittest.TestCase):
    missing = ()

    def setUp(self):
        there = mock.patch.object(module, "imports", lambda c: c not in self.missing)
        there.start()
        self.addCleanup(there.stop)

    def test_a_cache_whose_client_is_not_there_is_not_configured(self):
        services = {"memcached": ["one", "two"], "redis": "redis://redis"}
        self.missing = {"pylibmc"}
        self.assertEqual(
            list(self.backends(services)),
            ["LocMemCache", "PyMemcacheCache", "RedisCache"],
        )
        self.missing = {"pymemcache", "redis"}
        self.assertEqual(list(self.backends(services)), ["LocMemCache", "PyLibMCCache"])

    def backends(self, caches):
        return {
            entry["BACKEND"].rpartition(".")[2]: entry.get("LOCATION")
            for entry in settings(caches=caches)["CACHES"].values()
        }

    def test_without_services_the_default_is_in_memory(self):
        self.assertEqual(self.backends({}), {"LocMemCache": None})

    def test_the_two_memcached_clients_have_a_server_each(self):
        backends = self.backends({"memcached": ["one:11211", "two:11211"]})
        self.assertEqual(backends["PyMemcacheCache"], "one:11211")
        self.assertEqual(backends["PyLibMCCache"], "two:11211")

    def test_a_single_memcached_server_serves_both_clients(self):
        backends = self.backends({"memcached": ["one:11211"]})
        self.assertEqual(backends["PyMemcacheCache"], "one:11211")
        self.assertEqual(backends["PyLibMCCache"], "one:11211")

    def test_the_number_of_a_redis_database_is_an_option(self):
        redis = settings(caches={"redis": "redis://redis:6379/3"})["CACHES"]["redis"]
        self.assertEqual(redis["LOCATION"], "redis://redis:6379")
        self.assertEqual(redis["OPTIONS"], {"db": 3})

    def test_a_redis_url_needs_no_number(self):
        redis = settings(caches={"redis": "redis://redis:6379"})["CACHES"]["redis"]
        self.assertEqual(redis["OPTIONS"], {"db": 0})


class Layers(unittest.TestCase):
    def test_single_settings_win_over_the_users_module_and_that_over_the_base(self):
        layered = settings(
            user={"USE_TZ": True, "DEBUG": True}, settings={"DEBUG": False}
        )
        self.assertIs(layered["USE_TZ"], True)
        self.assertIs(layered["DEBUG"], False)

    def test_the_databases_are_the_cells_whoever_says_otherwise(self):
        theirs = {"DATABASES": {"default": {"ENGINE": "theirs"}}}
        for vendor in ("sqlite", "postgresql"):
            with self.subTest(vendor=vendor):
                plain = settings(vendor)["DATABASES"]
                layered = settings(vendor, user=theirs, settings=theirs)
                self.assertEqual(layered["DATABASES"], plain)

    def test_what_was_asked_for_and_is_not_so_is_said(self):
        def said(user=(), **fields):
            made = cell("postgresql", **fields)
            return overruled(made, generate(made, BASE, dict(user)), dict(user))

        theirs = {"DATABASES": BASE["DATABASES"]}
        self.assertEqual(said(), [])
        (sentence,) = said(user=theirs)
        self.assertIn("postgresql", sentence)
        self.assertIn("--settings", sentence)
        (sentence,) = said(settings=theirs)
        self.assertIn("variant", sentence)
        own = {"DATABASES": settings("postgresql")["DATABASES"]}
        self.assertEqual(said(user=own), [])

    def test_nothing_replaces_the_test_runner(self):
        layered = settings(user={"TEST_RUNNER": "x"}, settings={"TEST_RUNNER": "y"})
        self.assertEqual(layered["TEST_RUNNER"], TEST_RUNNER)


if __name__ == "__main__":
    unittest.main()
