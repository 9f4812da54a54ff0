"""Blows that fall on a run's containers and images."""

import os
import signal
import time

from .kind import BUSY, Kind


class CellStruck(Kind):
    name, weight = "cell killed, removed", 22
    moments = BUSY + ("totals", "one ended")

    def strike(self, blow):
        found = choose_container(blow, "djbuild.cell")
        if not found:
            return
        container, name = found
        how = blow.rng.choice(["KILL", "TERM", "HUP", "rm", "stop", "process", "process", "pause"])
        blow.note(f"{how} {name}")
        docker = blow.engine.docker
        if how == "rm":
            docker("rm", "--force", container)
        elif how == "stop":
            docker("stop", "--time", "1", container)
        elif how == "pause":
            docker("pause", container)
            time.sleep(blow.rng.choice([1, 4, 9]))
            docker("unpause", container)
        elif how == "process":
            found = processes(blow, container, "djbuild_runner") or processes(blow, container, "python")
            if found:
                name = blow.rng.choice(["KILL", "TERM"])
                number = blow.rng.choice(found)
                blow.note(f"{name} {found.index(number) + 1} of {len(found)}")
                send(number, name)
        else:
            docker("kill", "--signal", how, container)


class DatabaseStruck(Kind):
    name, weight = "database struck", 22
    moments = BUSY

    def strike(self, blow):
        found = choose_container(blow, "djbuild.service")
        if not found:
            return
        container, name = found
        how = blow.rng.choice(["KILL", "TERM", "rm", "pause", "backend", "backend", "backend"])
        blow.note(f"{how} {name}")
        docker = blow.engine.docker
        if how == "rm":
            docker("rm", "--force", container)
        elif how == "pause":
            docker("pause", container)
            time.sleep(blow.rng.choice([1, 4, 9, 14]))
            docker("unpause", container)
        elif how == "backend":
            self.strike_backend(blow, container, name)
        else:
            docker("kill", "--signal", how, container)

    def strike_backend(self, blow, container, name):
        """Ends one client's connection, once there is one."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not blow.going.ended:
            if "postgresql" in name:
                found = processes(blow, container, "postgres: django")
                if found:
                    how = blow.rng.choice(["KILL", "TERM", "QUIT"])
                    blow.note(how)
                    return send(blow.rng.choice(found), how)
            else:
                client = ["exec", container, "mariadb", "--skip-ssl", "-h127.0.0.1", "-udjango", "-pdjango", "-N", "-e"]
                asked = "select id from information_schema.processlist where db like 'test%' and command <> 'Daemon'"
                found = blow.engine.docker(*client, asked).split()
                if found:
                    said = blow.engine.docker(*client, f"kill connection {blow.rng.choice(found)}")
                    blow.note(f"connection {said}")
                    return None
            time.sleep(0.1)
        blow.note("no backend to strike")
        return None


class ImageRemoved(Kind):
    name, weight = "image removed", 6
    moments = ("asked", "begun", "images", "services", "starting")

    def strike(self, blow):
        name = blow.rng.choice(blow.bench.trees)
        blow.note(name)
        blow.engine.docker("rmi", "--force", name)


def choose_container(blow, label, limit=30):
    """A running container of the run, as soon as there is one."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and not blow.going.ended:
        found = blow.engine.containers(blow.owner(), label)
        if found:
            return blow.rng.choice(sorted(found, key=lambda pair: pair[1]))
        time.sleep(0.1)
    blow.note("nothing to strike")
    return None


def processes(blow, container, word):
    """Processes of a container whose command has this word, by their numbers here."""
    lines = blow.engine.docker("top", container, "-eo", "pid,args").splitlines()[1:]
    return [int(line.split()[0]) for line in lines if word in line]


def send(number, name):
    try:
        os.kill(number, getattr(signal, f"SIG{name}"))
    except ProcessLookupError:
        pass
