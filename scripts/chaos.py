#!/usr/bin/env python3
"""
Strikes real runs of real Django on three databases, and looks whether a cell is lost,
a verdict is wrong, a thing is left, or a run cannot be stopped.

    scripts/chaos.py [--blows 200] [--lanes 3] [--seed N] [--only K] [--kind NAME]...

Needs a container engine; as root it also strikes a second Docker daemon of its own and
small file systems. DJBUILD names the binary (default: target/release/djbuild). Every
blow comes from the seed and its number: `--seed N --only K` repeats one, as far as a
machine repeats anything. Asserts no times; exits with 1 if any count is not 0.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from chaos.blow import LABELS, PYTHON, Blow  # noqa: E402
from chaos.engine import Engine, SecondEngine  # noqa: E402
from chaos.kinds import KINDS  # noqa: E402
from chaos.oracle import COUNTS, OURS, Suite, cells_of, judge  # noqa: E402

PROJECT = Path(__file__).resolve().parent.parent
RELEASE = "6.1.3"
DATABASES = ["sqlite", "postgresql17", "mariadb11.8"]


class Bench:
    """What all blows have in common."""

    def __init__(self, options):
        self.seed = options.seed
        self.databases = options.database or DATABASES
        self.chosen = options.kind
        self.djbuild = Path(os.environ.get("DJBUILD", PROJECT / "target/release/djbuild")).resolve()
        self.folder = Path(tempfile.mkdtemp(prefix="djbuild-chaos-"))
        self.engine = Engine(os.environ.get("DOCKER_SOCKET", "/var/run/docker.sock"))
        self.second = None
        # One restarts the second daemon at a time.
        self.turn = threading.Lock()

    def make_checkout(self):
        """A git checkout of the release, with a suite that takes its time."""
        cache = Path(os.environ.get("DJBUILD_CACHE_DIR") or Path.home() / ".cache/djbuild")
        environment = {**os.environ, "DJBUILD_STATE_DIR": str(self.folder / "state")}
        command = [self.djbuild, "matrix", "--source", f"pypi:Django=={RELEASE}"]
        subprocess.run(command, check=True, capture_output=True, env=environment)
        self.checkout = self.folder / "django"
        self.checkout.mkdir()
        release = ["git", "-C", cache / "releases.git", "archive", f"refs/djbuild/django-{RELEASE}"]
        archive = subprocess.run(release, check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "-x"], cwd=self.checkout, input=archive, check=True)
        shutil.copytree(PROJECT / "tests/fixtures/chaos", self.checkout / "tests/djbuild_chaos",
                        ignore=shutil.ignore_patterns("__pycache__"))
        git = ["git", "-c", "user.name=chaos", "-c", "user.email=chaos@example.org", "-c", "core.excludesFile=/dev/null"]
        for words in (["init", "-q", "-b", "main"], ["add", "-f", "."], ["commit", "-qm", "Django"]):
            subprocess.run([*git, *words], cwd=self.checkout, check=True)

    def run_unstruck(self):
        """The run that all others are compared with; it makes the images too."""
        command = [self.djbuild, "run", *LABELS, "--python", PYTHON, "--format", "json", "--jobs", "3"]
        for database in self.databases:
            command += ["--database", database]
        environment = {**os.environ, "DJBUILD_STATE_DIR": str(self.folder / "state"), "DOCKER_HOST": self.engine.host}
        done = subprocess.run(command, cwd=self.checkout, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"a run that nobody struck: exit status {done.returncode}\n{done.stderr}")
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.suite = Suite(events)
        self.images = sorted({event["image"] for event in events if event["event"] == "image_used"})
        self.trees = [image for image in self.images if image.startswith("djbuild/tree-")]

    def start_second(self):
        """The second daemon, where there can be one."""
        if os.geteuid() or not all(map(shutil.which, ("dockerd", "ip", "nsenter"))):
            print("no second daemon here: blows on it are left out", flush=True)
            return
        folder = self.folder / "second"
        folder.mkdir()
        self.second = SecondEngine(folder, self.engine.docker("info", "--format", "{{.Driver}}", check=True))
        self.second.begin()
        self.second.take_images(self.images, self.engine)

    def end(self):
        if self.second:
            self.second.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kinds(self):
        """Those that are wanted and can be here."""
        return [
            kind for kind in KINDS
            if (not self.chosen or kind.name in self.chosen)
            and not (kind.needs_root and os.geteuid())
            and not (kind.needs_second and not self.second)
        ]

    def kind(self, number):
        """The kind of the blow of this number: by chance, or in turn where kinds were chosen."""
        kinds = self.kinds()
        if self.chosen:
            return kinds[number % len(kinds)]
        return random.Random(f"{self.seed}-{number}-kind").choices(kinds, [kind.weight for kind in kinds])[0]

    def strike(self, number):
        kind = self.kind(number)
        if kind.needs_second:
            with self.turn:
                return self.strike_now(Blow(self, number, kind))
        return self.strike_now(Blow(self, number, kind))

    def strike_now(self, blow):
        began = time.monotonic()
        try:
            blow.begin()
            blow.strike()
            found = judge(blow, self.suite)
        except Exception:
            found = [(OURS, traceback.format_exc())]
        finally:
            for going in filter(None, (blow.going, blow.other)):
                if going.process.poll() is None:
                    going.process.kill()
            blow.tidy()
        blow.seconds = time.monotonic() - began
        if found:
            self.keep(blow, found)
        shutil.rmtree(blow.folder, ignore_errors=True)
        return blow, found

    def keep(self, blow, found):
        """Puts aside what tells of a bad blow."""
        kept = Path(tempfile.gettempdir()) / f"djbuild-chaos-bad-{self.seed}"
        kept.mkdir(exist_ok=True)
        with open(kept / f"{blow.number}.txt", "w") as file:
            print(blow.kind.name, ", ".join(blow.notes), blow.flags, f"struck at {blow.struck_at}", file=file)
            print(*found, sep="\n", file=file)
            for going in filter(None, (blow.going, blow.other)):
                print("\nexit status", going.process.returncode, file=file)
                if going.words.exists():
                    print(going.words.read_text(errors="replace"), file=file)
                for event in going.events:
                    if event["event"] not in ("test_started", "image_log"):
                        print(json.dumps(event), file=file)


def tell(blow, found):
    outcomes = collections.Counter()
    if blow.going:
        for cell in cells_of(blow.going.events).values():
            end = cell["finished"]["outcome"] if cell["finished"] else "no end"
            outcomes[end + (" at the second attempt" if cell["attempts"] > 1 and end == "passed" else "")] += 1
    came = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items())) or "nothing told"
    status = blow.going.process.returncode if blow.going else "none"
    print(f"{blow.number:>4} {blow.kind.name}: {', '.join(blow.notes)} -> {came}, status {status}, {blow.seconds:.0f} s", flush=True)
    for count, text in found:
        print(f"     {count.upper()}: {text}", flush=True)


def table(results):
    width = max(len(kind.name) for kind in KINDS)
    print(f"\n{'':{width}} blows  " + "  ".join(COUNTS))
    total = collections.Counter()
    for kind in KINDS:
        of_kind = [found for blow, found in results if blow.kind is kind]
        if not of_kind:
            continue
        counts = collections.Counter(count for found in of_kind for count, _ in found)
        total += counts
        total["blows"] += len(of_kind)
        print(f"{kind.name:{width}} {len(of_kind):>5}  " + "  ".join(f"{counts[name]:>{len(name)}}" for name in COUNTS))
    print(f"{'all':{width}} {total['blows']:>5}  " + "  ".join(f"{total[name]:>{len(name)}}" for name in COUNTS), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blows", type=int, default=200)
    parser.add_argument("--lanes", type=int, default=3, help="runs at once")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", type=int, action="append", help="the blow of this number; may be repeated")
    parser.add_argument("--kind", action="append", choices=[kind.name for kind in KINDS],
                        help="only this kind; may be repeated: then in turn")
    parser.add_argument("--database", action="append", help="instead of all three; may be repeated")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bench = Bench(options)
    results, lanes = [], None
    try:
        bench.make_checkout()
        bench.run_unstruck()
        if any(kind.needs_second for kind in KINDS if kind.name in (options.kind or [kind.name])):
            bench.start_second()
        numbers = options.only or range(1, options.blows + 1)
        lanes = concurrent.futures.ThreadPoolExecutor(options.lanes)
        waiting = [lanes.submit(bench.strike, number) for number in numbers]
        for done in concurrent.futures.as_completed(waiting):
            blow, found = done.result()
            results.append((blow, found))
            tell(blow, found)
    finally:
        if lanes:
            # Those that go on are seen to their end.
            lanes.shutdown(cancel_futures=True)
        if results:
            table(results)
        bench.end()
    bad = [blow for blow, found in results if found]
    for blow in bad:
        chosen = "".join(f" --kind '{kind}'" for kind in options.kind or [])
        print(f"again: {sys.argv[0]} --seed {bench.seed}{chosen} --only {blow.number}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
