"""One blow: a run, what falls on it, and what may come of it."""

import os
import random
import subprocess
import time

from .going import Going

PYTHON = "3.14"
LABELS = ["djbuild_chaos", "basic"]


class Blow:
    """
    Everything about it comes from the seed and its number, so that it can be repeated;
    how a loaded machine answers does not.
    """

    def __init__(self, bench, number, kind):
        self.bench, self.number, self.kind = bench, number, kind
        self.rng = random.Random(f"{bench.seed}-{number}")
        self.folder = bench.folder / f"blow-{number}"
        self.folder.mkdir()
        self.state = self.folder / "state"
        self.engine = bench.engine
        self.environment = {"DJBUILD_STATE_DIR": str(self.state)}
        self.going = self.other = None
        self.reads, self.stdout, self.stderr = True, None, None
        self.flags = []
        # What its cells may come to besides passing, and what it may exit with besides
        # what its cells say.
        self.may, self.exits = set(), set()
        # Whether the process dies, its engine is gone at its end, its store is ruined.
        self.killed = self.deserted = self.ruined = False
        # Seconds from the blow to the end of the run.
        self.limit = 300
        self.struck_at = None
        self.notes = []
        self.after = []

    def note(self, text):
        self.notes.append(text)

    def command(self):
        words = [str(self.bench.djbuild), "run", *LABELS, "--python", PYTHON]
        for database in self.bench.databases:
            words += ["--database", database]
        return [*words, *self.flags]

    def begin(self):
        """Starts the run in a way of chance."""
        rng = self.rng
        self.flags += ["--jobs", str(rng.choice([1, 2, 3, 3]))]
        if parallel := rng.choice([None, 1, 2]):
            self.flags += ["--parallel", str(parallel)]
        self.flags += ["--isolation", rng.choice(["run", "cell"])]
        self.kind.prepare(self)
        if "--format" not in self.flags:
            self.flags += ["--format", "json"]
        self.going = self.start("run")

    def start(self, name):
        return Going(
            self.command(), self.bench.checkout, self.environment, self.folder / f"{name}.stderr",
            self.reads, self.stdout, self.stderr,
        )

    def strike(self):
        """Waits for the moment and strikes."""
        moment = self.rng.choice(self.kind.moments)
        pause = self.rng.uniform(0, 1.5 if moment == "asked" else 0.8)
        self.note(moment)
        if self.reads and not self.going.until(moment):
            self.note("which never came")
        time.sleep(pause)
        self.struck_at = time.time()
        self.kind.strike(self)

    def owner(self):
        try:
            return (self.state / "owner").read_text().strip()
        except OSError:
            return getattr(self, "known_owner", "")

    def djbuild(self, *words, timeout=300):
        """Another command of the same user."""
        command = [str(self.bench.djbuild), *words]
        return subprocess.run(
            command, cwd=self.bench.checkout,
            env={**os.environ, **self.environment, "DOCKER_HOST": self.engine.host},
            capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
        )

    def tidy(self):
        for undo in reversed(self.after):
            try:
                undo()
            except Exception as error:  # the next one is to be undone all the same
                self.note(f"tidying failed: {error}")
