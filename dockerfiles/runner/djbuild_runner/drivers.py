"""
Connecting to each kind of database, with the driver Django will use.

A probe is made on the main thread, which imports the driver, and called on
another one, which only connects: two threads importing at once could see each
other's half-loaded modules. Called, it connects once, or raises the driver's
error, and returns the server's name and version, and its epoch: a text that is
another one after the server has crashed, though it took itself up again. A server
that cannot do that has none.
"""

from contextlib import closing
from importlib import import_module

from .settings import MYSQL_OPTION_FILE, oracle_address

# When one of its processes is killed, PostgreSQL ends all others and recovers:
# its main process lives, but the statistics begin anew.
POSTGRESQL_EPOCH = """
    SELECT concat(pg_postmaster_start_time(), ' ', stats_reset) FROM pg_stat_bgwriter
"""


class Probe:
    def __init__(self, driver, connect):
        self.driver = driver
        self._connect = connect

    def __call__(self, seconds):
        """Connect, giving up on a silent network after some whole seconds."""
        return self._connect(max(1, int(seconds)))


def probe(database):
    makers = {
        "sqlite": _sqlite,
        "postgresql": _postgresql,
        "postgis": _postgresql,
        "mysql": _mysql,
        "mariadb": _mysql,
        "oracle": _oracle,
    }
    return makers[database["vendor"]](database)


def _sqlite(database):
    import sqlite3

    server = f"SQLite {sqlite3.sqlite_version}"
    return Probe("sqlite3", lambda seconds: (server, ""))


def _postgresql(database):
    driver = _first_installed("psycopg", "psycopg2")

    def connect(seconds):
        connection = driver.connect(
            host=database["host"],
            port=database["port"],
            user=database["user"],
            password=database["password"],
            # Like Django, which creates its test databases from this one.
            dbname="postgres",
            connect_timeout=seconds,
        )
        with closing(connection):
            major, minor = divmod(connection.info.server_version, 10_000)
            cursor = connection.cursor()
            cursor.execute(POSTGRESQL_EPOCH)
            return f"PostgreSQL {major}.{minor}", cursor.fetchone()[0]

    return Probe(f"{driver.__name__} {driver.__version__.split()[0]}", connect)


def _mysql(database):
    driver = import_module("MySQLdb")

    def connect(seconds):
        connection = driver.connect(
            host=database["host"],
            port=database["port"],
            user=database["user"],
            password=database["password"],
            connect_timeout=seconds,
            read_default_file=MYSQL_OPTION_FILE,
        )
        with closing(connection):
            return mysql_server(connection.get_server_info()), ""

    version = ".".join(str(number) for number in driver.version_info[:3])
    return Probe(f"mysqlclient {version}", connect)


def mysql_server(version):
    """Name a server by what it says, such as 5.5.5-10.5.23-MariaDB-1:10.5."""
    if "MariaDB" not in version:
        return f"MySQL {version.split('-')[0]}"
    # Old ones pretend to be a MySQL 5.5.5, lest replication stumbles.
    if version.startswith("5.5.5-"):
        version = version[len("5.5.5-") :]
    return f"MariaDB {version.split('-')[0]}"


def _oracle(database):
    driver = _first_installed("oracledb", "cx_Oracle")

    def connect(seconds):
        connection = driver.connect(
            user=database["user"],
            password=database["password"],
            dsn=oracle_address(database),
        )
        with closing(connection):
            return f"Oracle {connection.version}", ""

    return Probe(f"{driver.__name__} {driver.version}", connect)


def _first_installed(*names):
    for name in names[:-1]:
        try:
            return import_module(name)
        except ImportError:
            pass
    return import_module(names[-1])
