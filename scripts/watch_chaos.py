#!/usr/bin/env python3
"""Kills a watcher at random moments, and says what that lost, doubled or left.

A repository of real Django has three branches that gain commits, are forced, deleted and
made again while `djbuild watch` looks at it and runs them on SQLite and PostgreSQL. What a
commit's test comes to is known from the commit. In the end:

    lost     branches whose tip nobody tested, turns of cells that nobody was told
    given up tips whose runs were cut off twice, which ends them as infrastructure
    doubled  requests that more than one finished run was of
    left     containers, networks and volumes of this watcher

    scripts/watch_chaos.py --kills 50 --seed 1
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BRANCHES = ["main", "stable/6.1.x", "fix"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--django", default="6.1.3")
    parser.add_argument("--python", default="3.14")
    parser.add_argument("--databases", default="sqlite,postgresql17")
    return parser.parse_args()


class World:
    def __init__(self, options):
        self.random = random.Random(options.seed)
        self.folder = Path(tempfile.mkdtemp(prefix="djbuild-watch-chaos-"))
        self.djbuild = self.folder / "djbuild"
        source = os.environ.get("DJBUILD", ROOT / "target/release/djbuild")
        shutil.copy(source, self.djbuild)
        self.repository = self.folder / "django"
        self.environment = dict(os.environ, DJBUILD_STATE_DIR=str(self.folder / "state"))
        self.number = 0
        self.make_repository(options)

    def run(self, *words, check=True):
        done = subprocess.run(
            [str(self.djbuild), *words], cwd=self.folder, env=self.environment,
            capture_output=True, text=True,
        )
        if check and done.returncode != 0:
            sys.exit(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def git(self, *words):
        command = ["git", "-c", "user.name=Ann", "-c", "user.email=a@example.org",
                   "-c", "core.excludesFile=/dev/null", *words]
        done = subprocess.run(command, cwd=self.repository, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{words}: {done.stderr}")
        return done.stdout

    def make_repository(self, options):
        cache = os.environ.get("DJBUILD_CACHE_DIR") or Path.home() / ".cache/djbuild"
        self.run("matrix", "--source", f"pypi:Django=={options.django}")
        self.repository.mkdir()
        archive = subprocess.run(
            ["git", "-C", str(Path(cache) / "releases.git"), "archive",
             f"refs/djbuild/django-{options.django}"], capture_output=True, check=True,
        ).stdout
        subprocess.run(["tar", "-x", "-C", str(self.repository)], input=archive, check=True)
        self.git("init", "-q", "-b", "main")
        (self.repository / "tests/watched").mkdir()
        (self.repository / "tests/watched/__init__.py").touch()
        self.commit(red=False)
        databases = ", ".join(f'"{name}"' for name in options.databases.split(","))
        notices = self.folder / "notices"
        (self.folder / "djbuild.toml").write_text(f"""
pythons = "{options.python}"
databases = [{databases}]
[watch]
source = "file://{self.repository}"
interval = "2s"
[[watch.scheduler]]
name = "branches"
branches = "*"
settle = "0s"
labels = ["watched"]
[[watch.notice]]
name = "team"
on = ["red", "fixed"]
command = ["/bin/sh", "-c", "cat >> {notices}; echo >> {notices}"]
""")

    def commit(self, red):
        self.number += 1
        body = "self.fail()" if red else "pass"
        (self.repository / "tests/watched/tests.py").write_text(
            "from django.test import TestCase\n\n\nclass Tests(TestCase):\n"
            f"    def test_it(self):\n        {body}  # {self.number}\n"
        )
        self.git("add", "-Af", ".")
        self.git("commit", "-qm", f"{'red' if red else 'green'} {self.number}")

    def branches(self):
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def happen(self):
        branch = self.random.choice(BRANCHES)
        if branch not in self.branches():
            self.git("checkout", "-q", "-B", branch, "main")
        else:
            self.git("checkout", "-q", branch)
        chance = self.random.random()
        if chance < 0.7:
            self.commit(red=self.random.random() < 0.4)
        elif chance < 0.85 and self.git("rev-list", "--count", "HEAD").strip() != "1":
            self.git("reset", "-q", "--hard", "HEAD~1")
            self.commit(red=self.random.random() < 0.4)
        elif branch != "main":
            self.git("checkout", "-q", "main")
            self.git("branch", "-qD", branch)

    def watch(self):
        return subprocess.Popen(
            [str(self.djbuild), "watch"], cwd=self.folder, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=open(self.folder / "watch.log", "a"),
        )

    def status(self):
        return json.loads(self.run("status", "--format", "json").stdout)

    def rest(self):
        """Until nothing is left to be done."""
        watcher = self.watch()
        quiet = 0
        while quiet < 5:
            time.sleep(2)
            status = self.status()
            busy = status["running"] or status["waiting"] or status["unsent"]
            tips = {branch["branch"]: branch["revision"] for branch in status["branches"]}
            behind = any(tips.get(name) != self.tip(name) for name in self.branches())
            quiet = 0 if busy or behind else quiet + 1
        watcher.send_signal(signal.SIGINT)
        watcher.wait()

    def tip(self, branch):
        return self.git("rev-parse", f"refs/heads/{branch}").strip()


def judge(world):
    history = json.loads(world.run("history", "--limit", "100000", "--format", "json").stdout)
    database = Path(world.environment["DJBUILD_STATE_DIR"]) / "history.sqlite3"
    connection = sqlite3.connect(database)
    given_up = set(connection.execute(
        "SELECT branch, revision FROM request WHERE outcome = 'infrastructure'"))
    decided = [run for run in history if run["outcome"] in ("passed", "failed")]
    lost, doubled = [], []
    tips = {(branch, world.tip(branch)) for branch in world.branches()}
    for branch, tip in tips - given_up:
        if (branch, tip) not in {(run["branch"], run["revision"]) for run in decided}:
            lost.append(f"{branch} at {tip} was never tested")
    for run in decided:
        subject = world.git("show", "-s", "--format=%s", run["revision"])
        expected = "failed" if subject.startswith("red") else "passed"
        if run["outcome"] != expected:
            lost.append(f"{run['run']}: {run['outcome']}, and it is {subject}")
    for request, in connection.execute("SELECT id FROM request"):
        runs = [run for run, in connection.execute(
            "SELECT run FROM attempt WHERE request = ? AND outcome IN ('passed', 'failed')", (request,))]
        if len(runs) > 1:
            doubled.append(f"request {request}: {runs}")
    told = set()
    notices = world.folder / "notices"
    for line in notices.read_text().splitlines() if notices.exists() else []:
        if line.strip():
            told.add(json.loads(line)["id"])
    for identity, state in connection.execute("SELECT id, state FROM notice"):
        if identity not in told:
            lost.append(f"notice {identity} ({state}) was never taken")
    for branch, cell, state in connection.execute("SELECT branch, cell, state FROM standing"):
        if (branch, dict(tips).get(branch)) in tips - given_up:
            subject = world.git("show", "-s", "--format=%s", world.tip(branch))
            if (state == "failed") != subject.startswith("red"):
                lost.append(f"{cell} is {state}, and its tip is {subject}")
    owner = (Path(world.environment["DJBUILD_STATE_DIR"]) / "owner").read_text().strip()
    left = []
    for kind in (["ps", "-a"], ["network", "ls"], ["volume", "ls"]):
        listed = subprocess.run(
            ["docker", *kind, "-q", "--filter", f"label=djbuild.owner={owner}"],
            capture_output=True, text=True).stdout.split()
        left += [f"{kind[0]} {name}" for name in listed]
    requests = connection.execute("SELECT count(*) FROM request").fetchone()[0]
    return history, requests, len(tips & given_up), lost, doubled, left


def main():
    options = arguments()
    world = World(options)
    try:
        world.rest()
        for kill in range(options.kills):
            watcher = world.watch()
            until = time.time() + world.random.uniform(0.5, 8)
            while time.time() < until:
                if world.random.random() < 0.4:
                    world.happen()
                time.sleep(world.random.uniform(0.1, 1.5))
            watcher.kill()
            watcher.wait()
            print(f"\r{kill + 1} kills", end="", flush=True, file=sys.stderr)
        print(file=sys.stderr)
        world.rest()
        history, requests, given_up, lost, doubled, left = judge(world)
        print(f"{options.kills} kills, {world.number} commits, {requests} requests, "
              f"{len(history)} runs, of which {sum(run['outcome'] == 'interrupted' for run in history)} "
              f"were cut off: {given_up} tips given up, lost {len(lost)}, doubled {len(doubled)}, left {len(left)}")
        for line in lost + doubled + left:
            print(f"  {line}")
        if lost or doubled or left:
            print(f"  all of it is in {world.folder}")
            sys.exit(1)
        shutil.rmtree(world.folder)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
