#!/usr/bin/env python3
"""Adds the hashes that this Python's Django writes to tests/fixtures/django_hashes.json.

For each Django that is to be in it, in a virtual environment of its own:

    pip install Django~=5.2.0 argon2-cffi bcrypt
    python scripts/django_hashes.py
"""

import json
from pathlib import Path

import django
from django.conf import settings
from django.utils.module_loading import import_string

FILE = Path(__file__).parent.parent / "tests/fixtures/django_hashes.json"
PASSWORDS = ["pässwörd 🐴", "x" * 100, " ends with a space "]
HASHERS = [
    "PBKDF2PasswordHasher",
    "PBKDF2SHA1PasswordHasher",
    "Argon2PasswordHasher",
    "BCryptSHA256PasswordHasher",
    "BCryptPasswordHasher",
    "ScryptPasswordHasher",
    "MD5PasswordHasher",
    "SHA1PasswordHasher",
    "UnsaltedSHA1PasswordHasher",
    "UnsaltedMD5PasswordHasher",
]


def hashers():
    """Those that this Django has."""
    for name in HASHERS:
        try:
            yield name, import_string(f"django.contrib.auth.hashers.{name}")()
        except ImportError:
            pass


def main():
    settings.configure()
    django.setup()
    version = django.get_version()
    rows = json.loads(FILE.read_text()) if FILE.exists() else []
    rows = [row for row in rows if row["django"] != version]
    for name, hasher in hashers():
        # The dear ones once each, for tests compute them all. What is longer than bcrypt
        # reads newer ones of its library refuse.
        passwords = PASSWORDS if "MD5" in name or name in ("SHA1PasswordHasher", "UnsaltedSHA1PasswordHasher") else PASSWORDS[:1]
        if name == "BCryptSHA256PasswordHasher":
            passwords = PASSWORDS[1:2]
        for password in passwords:
            salt = "" if "Unsalted" in name else hasher.salt()
            written = hasher.encode(password, salt)
            assert hasher.verify(password, written)
            rows.append(
                {"django": version, "hasher": name, "password": password, "hash": written}
            )
    rows.sort(key=lambda row: (row["django"], HASHERS.index(row["hasher"]), row["password"]))
    FILE.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"Django {version}: {sum(row['django'] == version for row in rows)}")


if __name__ == "__main__":
    main()
