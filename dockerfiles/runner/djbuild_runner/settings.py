"""
The settings of a cell, as a value.

They start from the tree's own ``tests/test_sqlite.py``: what Django's suite
needs differs between branches, and that file is where each branch says it.
"""

from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

TEST_RUNNER = "djbuild_runner.runner.DiscoverRunner"

ENGINES = {
    "postgresql": "django.db.backends.postgresql",
    "postgis": "django.contrib.gis.db.backends.postgis",
    "mysql": "django.db.backends.mysql",
    "mariadb": "django.db.backends.mysql",
    "oracle": "django.db.backends.oracle",
}

# MariaDB's client programs and library verify certificates unless told not to,
# and those of a throwaway server are self-signed.
MYSQL_OPTION_FILE = str(Path(__file__).with_name("mysql.cnf"))


def generate(cell, base, user):
    """
    Lay the cell's caches over the base settings, then the user's: those of a
    module, then those given one by one. The databases are the cell's, whoever
    says otherwise: its name and its verdict are about them.
    """
    own = base["DATABASES"]
    if cell.database["vendor"] != "sqlite":
        own = databases(cell.database)
    options = cell.database.get("options")
    if options:
        own = {
            alias: {**entry, "OPTIONS": {**entry.get("OPTIONS", {}), **options}}
            for alias, entry in own.items()
        }
    return {
        **base,
        "CACHES": caches(cell.caches),
        **user,
        **cell.settings,
        "DATABASES": own,
        "TEST_RUNNER": TEST_RUNNER,
    }


def overruled(cell, generated, user):
    """Sentences on what the user's settings ask for and the cell is not."""
    sentences = []
    for settings, whose in ((user, "--settings"), (cell.settings, "the variant")):
        theirs = settings.get("DATABASES")
        if theirs is not None and theirs != generated["DATABASES"]:
            sentences.append(
                f"tested on the cell's {cell.database['vendor']}, "
                f"and not on the DATABASES of {whose}"
            )
    return sentences


def uppercase(module):
    """What Django takes for settings in a module."""
    return {name: value for name, value in vars(module).items() if name.isupper()}


def databases(database):
    """Django's suite needs two databases of one kind with different names."""
    return {alias: _database(database, alias) for alias in ("default", "other")}


def _database(database, alias):
    vendor = database["vendor"]
    entry = {
        "ENGINE": ENGINES[vendor],
        "USER": database["user"],
        "PASSWORD": database["password"],
    }
    name = database["name"]
    if vendor == "oracle":
        # Oracle has one database and makes users instead; a service name is
        # understood only as part of an Easy Connect string.
        return {
            **entry,
            "NAME": oracle_address(database),
            "TEST": {
                "USER": f"{name}_{alias}",
                "TBLSPACE": f"{name}_{alias}_tbls",
                "TBLSPACE_TMP": f"{name}_{alias}_tbls_tmp",
            },
        }
    entry.update(
        NAME=name if alias == "default" else f"{name}_{alias}",
        HOST=database["host"],
        PORT=database["port"],
    )
    if vendor in ("mysql", "mariadb"):
        entry["OPTIONS"] = {
            # Django 4.2 would talk three-byte utf8.
            "charset": "utf8mb4",
            "read_default_file": MYSQL_OPTION_FILE,
        }
        # One collation for every server, whatever its default is this year.
        entry["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_general_ci"}
    return entry


def oracle_address(database):
    service = database.get("service", "FREEPDB1")
    return f"{database['host']}:{database['port']}/{service}"


def caches(services):
    """
    One entry for each backend that has a service, and its client.

    Django's cache tests look for their backend among these, and are skipped
    without; with an entry whose client is not there, nothing would run at all.
    They empty the whole cache between tests, so in a parallel run the
    two memcached clients must not share a server.
    """
    entries = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    }
    servers = services.get("memcached")
    if servers and imports("pymemcache"):
        entries["pymemcache"] = {
            "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
            "LOCATION": servers[0],
        }
    if servers and imports("pylibmc"):
        entries["pylibmc"] = {
            "BACKEND": "django.core.cache.backends.memcached.PyLibMCCache",
            "LOCATION": servers[-1],
        }
    if services.get("redis") and imports("redis"):
        entries["redis"] = _redis(services["redis"])
    return entries


def imports(client):
    """Whether a client is there, with the library it may be built on."""
    try:
        import_module(client)
    except ImportError:
        return False
    return True


def _redis(url):
    """Give the database's number as an option: one in the URL can't be changed."""
    address = urlsplit(url)
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"{address.scheme}://{address.netloc}",
        "OPTIONS": {"db": int(address.path.strip("/") or 0)},
    }
