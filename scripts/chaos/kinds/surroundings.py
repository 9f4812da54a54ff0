"""Blows that fall on disks, and on those who read."""

import fcntl
import os
import shutil
import subprocess
import time

from .kind import ANY, BUSY, EARLY, LATE, Kind


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
            # What is open for writing stays so, and nothing more can be opened.
            for words in (["--bind", blow.state, blow.state], ["-o", "remount,ro,bind", blow.state]):
                subprocess.run(["mount", *words], check=True)
            blow.after.append(lambda: subprocess.run(["umount", "--lazy", blow.state], check=True))
            blow.note("read-only")
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


def fill(path):
    with open(path, "ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
