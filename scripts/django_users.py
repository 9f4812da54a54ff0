#!/usr/bin/env python3
"""Makes the users that tests/django_users.rs logs in, in a real Django's tables.

    python scripts/django_users.py ENGINE NAME [key=value…]    HOST=… USER=… PASSWORD=…
    python scripts/django_users.py sqlite --dump               the SQL of tests/fixtures/django_users.sql

Everybody's password is "right".
"""

import sqlite3
import sys

import django
from django.conf import settings


def main():
    engine, name, *more = sys.argv[1:]
    options = dict(pair.split("=", 1) for pair in more)
    dump = name == "--dump"
    if engine == "mysql":
        import pymysql

        # Django asks for the version of another driver, and for what it is called.
        pymysql.version_info = (2, 2, 8, "final", 0)
        pymysql.install_as_MySQLdb()
    engines = {"postgresql": "postgresql", "mysql": "mysql", "sqlite": "sqlite3"}
    database = {
        "ENGINE": f"django.db.backends.{engines[engine]}",
        "NAME": "file:users?mode=memory&cache=shared" if dump else name,
        **options,
    }
    if dump:
        database["OPTIONS"] = {"uri": True}
    configuration = {
        "DATABASES": {"default": database},
        "INSTALLED_APPS": ["django.contrib.contenttypes", "django.contrib.auth"],
        "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
    }
    if dump:
        # What is computed in every test is cheap.
        configuration["PASSWORD_HASHERS"] = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.configure(**configuration)
    django.setup()

    from django.contrib.auth.models import Group, Permission, User
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    permission = Permission.objects.get(content_type__app_label="auth", codename="change_group")
    group = Group.objects.create(name="Release managers")
    group.permissions.add(permission)

    def user(name, password="right", **fields):
        made = User(username=name, **fields)
        made.set_password(password)
        made.save()
        return made

    user("staff", is_staff=True)
    user("plain")
    user("gone", is_staff=True, is_active=False)
    user("boss", is_superuser=True)
    user("member").groups.add(group)
    user("holder").user_permissions.add(permission)
    user("nopass", None, is_staff=True)
    user("sträusel@example.org", is_staff=True)
    if dump:
        connection.ensure_connection()
        print(f"-- By scripts/django_users.py, of Django {django.get_version()}.")
        for line in connection.connection.iterdump():
            print(line)


if __name__ == "__main__":
    main()
