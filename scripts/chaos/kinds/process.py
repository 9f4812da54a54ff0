"""Blows that fall on the process itself."""

import time

from .kind import ANY, BUSY, EARLY, Kind


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
