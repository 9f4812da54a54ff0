"""The kinds of blows."""

import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time

from .proxy import Proxy

EARLY = ("asked", "begun", "images", "services")
BUSY = ("services", "starting", "loading", "databases", "testing", "amid", "late")
LATE = ("totals", "one ended", "all ended")
ANY = EARLY + BUSY + LATE


class Kind:
    """A kind of blow. `name` is what the table calls it."""

    moments = ANY
    weight = 10
    needs_root = False
    needs_second = False

    def prepare(self, blow):
        """Before the run starts."""

    def strike(self, blow):
        raise NotImplementedError


class Killed(Kind):
    name, weight = "kill -9", 18

    def strike(self, blow):
        blow.killed = True
        blow.going.signal("KILL")


class Interrupted(Kind):
    name = "SIGINT"

    def prepare(self, blow):
        blow.may, blow.exits, blow.limit = {"cancelled"}, {130}, 120

    def strike(self, blow):
        blow.going.signal("INT")


class InterruptedTwice(Interrupted):
    name = "SIGINT twice"

    def strike(self, blow):
        blow.limit = 60
        blow.going.signal("INT")
        time.sleep(blow.rng.choice([0.01, 0.2, 1, 2]))
        blow.going.signal("INT")


class Ended(Interrupted):
    name = "SIGTERM, SIGHUP"

    def strike(self, blow):
        name = blow.rng.choice(["TERM", "HUP"])
        blow.note(name)
        blow.going.signal(name)


class Stopped(Kind):
    name = "SIGSTOP, SIGCONT"
    moments = EARLY + BUSY + ("totals",)

    def prepare(self, blow):
        blow.flags += ["--quiet-timeout", "15s"]

    def strike(self, blow):
        seconds = blow.rng.choice([2, 5, 10, 20, 25])
        blow.note(f"{seconds} s")
        blow.going.signal("STOP")
        time.sleep(seconds)
        blow.going.signal("CONT")


class Restarted(Kind):
    name, weight, needs_root, needs_second = "daemon restarted", 18, True, True
    moments = EARLY + BUSY + ("totals", "one ended")

    def prepare(self, blow):
        second = blow.bench.second
        blow.engine = second
        blow.environment["DOCKER_HOST"] = second.host
        self_restores = blow.rng.random() < 0.5
        second.stop()
        second.start(self_restores)
        blow.restores = self_restores

    def strike(self, blow):
        hard, seconds = blow.rng.random() < 0.5, blow.rng.choice([0, 1, 4, 12])
        blow.note(f"{'kill -9' if hard else 'stopped'}, away {seconds} s, "
                  f"containers {'live on' if blow.restores else 'die'}")
        blow.engine.stop(hard)
        time.sleep(seconds)
        blow.engine.start(blow.restores)


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


def send(number, name):
    try:
        os.kill(number, getattr(signal, f"SIG{name}"))
    except ProcessLookupError:
        pass


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


def before_a_proxy(blow, tcp=False):
    proxy = Proxy(blow.engine.socket, None if tcp else str(blow.folder / "proxy.sock"))
    blow.after.append(proxy.end)
    blow.environment["DOCKER_HOST"] = proxy.host
    blow.proxy = proxy


class Cut(Kind):
    name, weight = "connections cut", 22
    moments = EARLY + BUSY + ("totals", "one ended")

    def prepare(self, blow):
        before_a_proxy(blow, tcp=blow.rng.random() < 0.5)

    def strike(self, blow):
        rng = blow.rng
        word = rng.choice(["/wait", "/logs", "", ""])
        times = rng.choice([1, 1, 3])
        of_all = rng.random() < 0.4

        def choose(links):
            links = [link for link in links if word in link[1]]
            return links if of_all or not links else [rng.choice(links)]

        for _ in range(times):
            deadline = time.monotonic() + 10
            how, lines = rng.choice(["broken", "reset", "ended"]), []
            while not lines and time.monotonic() < deadline and not blow.going.ended:
                lines = blow.proxy.cut(choose, how)
                time.sleep(0.05)
            what = ", ".join(sorted({line.split("?")[0].rsplit("/", 1)[-1].split(" ")[0] for line in lines}))
            blow.note(f"{len(lines)} {how} ({what})")
            time.sleep(rng.uniform(0, 2))


class HalfOpen(Kind):
    name, weight = "half open", 10
    moments = EARLY + BUSY + ("totals",)

    def prepare(self, blow):
        before_a_proxy(blow, tcp=blow.rng.random() < 0.5)

    def strike(self, blow):
        seconds = blow.rng.choice([5, 12, 30])
        blow.note(f"{seconds} s")
        blow.proxy.hold()
        time.sleep(seconds)
        blow.proxy.go_on()


class Refused(Kind):
    name, weight = "network refused", 18
    moments = EARLY + BUSY + ("totals", "one ended")

    def prepare(self, blow):
        before_a_proxy(blow, tcp=blow.rng.random() < 0.8)
        blow.for_good = blow.rng.random() < 0.2
        if blow.for_good:
            blow.flags += ["--engine-timeout", "4s"]

    def strike(self, blow):
        if blow.for_good:
            blow.note("for good")
            blow.may, blow.deserted = {"infrastructure"}, True
            blow.exits = {3}
            blow.proxy.refuse()
            blow.after.append(blow.proxy.take)
            return
        seconds = blow.rng.choice([1, 3, 8, 20])
        blow.note(f"{seconds} s")
        blow.proxy.refuse()
        time.sleep(seconds)
        blow.proxy.take()


class Full(Kind):
    name, weight, needs_root = "state's disk full", 14, True
    moments = EARLY + BUSY + LATE

    def prepare(self, blow):
        blow.state.mkdir()
        size = blow.rng.choice(["1m", "3m"])
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "djbuild-chaos", blow.state], check=True)
        blow.after.append(lambda: subprocess.run(["umount", "--lazy", blow.state], check=True))
        blow.ruined = True

    def strike(self, blow):
        blow.exits = {3}
        filler = blow.state / "filler"
        fill(filler)
        freed = blow.rng.random() < 0.5
        if freed:
            seconds = blow.rng.choice([1, 4, 8])
            time.sleep(seconds)
            filler.unlink()
        blow.note(f"freed after {seconds} s" if freed else "not freed")
        blow.filler = filler


def fill(path):
    with open(path, "ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass


class StateGone(Kind):
    name, weight, needs_root = "state gone, read-only", 10, True
    moments = EARLY + BUSY + LATE

    def prepare(self, blow):
        blow.ruined = True
        blow.read_only = blow.rng.random() < 0.5
        if blow.read_only:
            blow.state.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=50m", "djbuild-chaos", blow.state], check=True)
            blow.after.append(lambda: subprocess.run(["umount", "--lazy", blow.state], check=True))

    def strike(self, blow):
        blow.exits = {3}
        blow.known_owner = blow.owner()
        if blow.read_only:
            done = subprocess.run(["mount", "-o", "remount,ro", blow.state], capture_output=True, text=True)
            if done.returncode:
                # Somebody writes: from below, then.
                subprocess.run(["mount", "-o", "remount,ro", "--force", blow.state], capture_output=True)
            blow.note("read-only" + (f" ({done.stderr.strip()})" if done.returncode else ""))
        else:
            shutil.rmtree(blow.state, ignore_errors=True)
            blow.note("removed")


class Unread(Kind):
    name, weight = "nobody reads", 14
    moments = ANY

    def prepare(self, blow):
        how = blow.rng.choice(["stdout", "stderr", "terminal"])
        blow.note(how)
        if how == "terminal":
            leader, follower = os.openpty()
            blow.stderr = follower
            blow.environment["TERM"] = "xterm"
            ends = [leader, follower]
        else:
            read, write = os.pipe()
            fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
            ends = [read, write]
            if how == "stderr":
                blow.stderr = write
                blow.flags.append("--verbose")
            else:
                blow.stdout, blow.reads = write, False
        blow.after += [lambda end=end: os.close(end) for end in ends]
        blow.interrupts = blow.rng.choice([0, 2, 2])
        if blow.interrupts:
            blow.may, blow.exits = {"cancelled"}, {130}

    def strike(self, blow):
        if not blow.reads:
            time.sleep(blow.rng.uniform(1, 15))
        blow.note(f"SIGINT {blow.interrupts} times")
        blow.limit = 60 if blow.interrupts else 300
        for _ in range(blow.interrupts):
            blow.going.signal("INT")
            time.sleep(blow.rng.choice([0.1, 1]))


class OneOfTwo(Kind):
    name, weight = "one of two struck", 12

    def prepare(self, blow):
        blow.environment["DJBUILD_JOBS"] = "3"

    def strike(self, blow):
        blow.other = blow.start("other")
        time.sleep(blow.rng.uniform(0.5, 6))
        name = blow.rng.choice(["KILL", "KILL", "INT", "TERM", "STOP"])
        blow.note(name)
        if name == "KILL":
            blow.killed = True
        elif name != "STOP":
            blow.may, blow.exits = {"cancelled"}, {130}
        blow.struck_at = time.time()
        blow.going.signal(name)
        if name == "STOP":
            time.sleep(5)
            blow.djbuild("clean")
            blow.going.signal("CONT")
        elif blow.rng.random() < 0.5:
            blow.djbuild("clean")


class ImageRemoved(Kind):
    name, weight = "image removed", 6
    moments = ("asked", "begun", "images", "services", "starting")

    def strike(self, blow):
        name = blow.rng.choice(blow.bench.trees)
        blow.note(name)
        blow.engine.docker("rmi", "--force", name)


class Twice(Kind):
    """Two things at once, which together are worse."""

    name, weight = "two at once", 14
    moments = EARLY + BUSY

    def prepare(self, blow):
        before_a_proxy(blow, tcp=blow.rng.random() < 0.5)
        blow.flags += ["--quiet-timeout", "20s"]

    def strike(self, blow):
        how = blow.rng.choice(["refused and stopped", "refused and cell killed", "refused and SIGINT",
                               "refused and database killed", "cut and killed"])
        blow.note(how)
        first, then = how.split(" and ")
        seconds = blow.rng.choice([2, 6, 12])
        if first == "cut":
            blow.proxy.cut(lambda links: links, "reset")
        else:
            blow.proxy.refuse()
            back = threading.Timer(seconds, blow.proxy.take)
            back.start()
        if then == "stopped":
            blow.going.signal("STOP")
            time.sleep(seconds + 3)
            blow.going.signal("CONT")
        elif then == "killed":
            blow.killed = True
            blow.going.signal("KILL")
        elif then == "SIGINT":
            blow.may, blow.exits = {"cancelled"}, {130}
            blow.going.signal("INT")
        else:
            label = "djbuild.cell" if then == "cell killed" else "djbuild.service"
            found = blow.engine.containers(blow.owner(), label)
            if found:
                container, name = blow.rng.choice(sorted(found, key=lambda pair: pair[1]))
                blow.note(name)
                blow.engine.docker("kill", container)
        if first == "refused":
            back.join()


KINDS = [
    kind() for kind in (
        Killed, Interrupted, InterruptedTwice, Ended, Stopped, Restarted, CellStruck, DatabaseStruck,
        Cut, HalfOpen, Refused, Full, StateGone, Unread, OneOfTwo, ImageRemoved, Twice,
    )
]
