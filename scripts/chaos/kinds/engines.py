"""Blows that fall on the engine, and on the way to it."""

import threading
import time

from ..proxy import Proxy
from .kind import BUSY, EARLY, Kind


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
            what = ", ".join(sorted({line.split()[1].split("?")[0].rsplit("/", 1)[-1] for line in lines if " " in line}))
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
