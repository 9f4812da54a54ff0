"""What the tests share."""

import subprocess
import sys
from pathlib import Path

from djbuild_runner.cell import Cell

DATABASES = {
    "sqlite": {"vendor": "sqlite"},
    **{
        vendor: {
            "vendor": vendor,
            "host": "db",
            "port": 1234,
            "user": "django",
            "password": "secret",
            "name": "django_3",
        }
        for vendor in ("postgresql", "mysql", "mariadb", "oracle")
    },
}


def cell(vendor="sqlite", **fields):
    return Cell(tree=Path("/django"), database=DATABASES[vendor], **fields)


def python(source):
    """Run a program in an interpreter of its own: its descriptors matter."""
    return subprocess.run(
        [sys.executable, "-c", source],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
        check=True,
    )
