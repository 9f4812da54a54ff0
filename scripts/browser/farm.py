"""A farm that is looked at: a repository made from real Django releases, and a watcher."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

PASSWORD = "correct-horse-battery"
GOOD, BROKEN, SLOW = "", "broken", "slow"
TESTS = {
    GOOD: "",
    BROKEN: """

class Broken(TestCase):
    def test_it(self):
        self.fail("red")

    def test_markup(self):
        print("\\033[31mred\\033[0m <b>")
        self.assertEqual(1, 2, "<b>bold</b>")

    def test_long(self):
        self.assertEqual("x" * 400, "y" * 400)
""",
    SLOW: """

class Slow(TestCase):
    def test_it(self):
        import time
        time.sleep(120)
""",
}


class Farm:
    """Its folder, its repository and the process that watches it."""

    def __init__(self, djbuild, folder):
        self.djbuild, self.folder = djbuild, folder
        self.repository = folder / "django"
        self.process = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.env = {**os.environ, "DJBUILD_STATE_DIR": str(folder / "state")}
        self.repository.mkdir()
        self.git("init", "-q", "-b", "main")
        (folder / "djbuild.toml").write_text(f"""pythons = "3.14"
databases = ["sqlite"]

[watch]
source = "file://{self.repository}"
interval = "5s"
ticket-link = "https://tickets.example.org/{{ticket}}"

[watch.page]
name = "A farm in a browser"
project = "https://www.example.org"

[watch.login]
users = "users.txt"

[[watch.scheduler]]
name = "branches"
branches = ["main", "stable/*"]
settle = "1s"
labels = ["basic"]

[[watch.scheduler]]
name = "nightly"
branches = "main"
cron = "0 3 * * *"
labels = ["basic"]

[[watch.notice]]
name = "somebody"
command = ["/bin/true"]

[[watch.notice]]
name = "nobody"
webhook = "http://127.0.0.1:9/hook"
""")
        self.run("user", "add", "ann", input=PASSWORD + "\n")

    def run(self, *words, **more):
        """What djbuild says when it is called in the farm's folder."""
        ran = subprocess.run([self.djbuild, *words], cwd=self.folder, env=self.env, text=True,
                             capture_output=True, check=False, **more)
        if ran.returncode:
            raise SystemExit(f"djbuild {' '.join(words)}: {ran.stderr}")
        return ran.stdout

    def git(self, *words):
        identity = ["-c", "user.name=Änn Ōther", "-c", "user.email=ann@example.org"]
        subprocess.run(["git", *identity, "-c", "core.excludesFile=/dev/null", *words],
                       cwd=self.repository, check=True)

    def commit(self, release, tests, subject):
        """A commit with this release and one more thing among its tests."""
        self.run("matrix", "--source", f"pypi:Django=={release}", "--python", "3.14",
                 "--database", "sqlite")
        for one in self.repository.iterdir():
            if one.name != ".git":
                shutil.rmtree(one) if one.is_dir() else one.unlink()
        usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "djbuild"
        cache = Path(os.environ.get("DJBUILD_CACHE_DIR") or usual)
        tree = subprocess.run(["git", "-C", str(cache / "releases.git"), "archive",
                               f"refs/djbuild/django-{release}"], check=True, capture_output=True)
        subprocess.run(["tar", "-x"], cwd=self.repository, input=tree.stdout, check=True)
        with open(self.repository / "tests/basic/tests.py", "a") as file:
            file.write(TESTS[tests])
        self.git("add", "-Af", ".")
        self.git("commit", "-q", "--allow-empty", "-m", subject)

    def start(self):
        log = open(self.folder / "watch.log", "a")
        self.process = subprocess.Popen(
            [self.djbuild, "watch", "--listen", f"127.0.0.1:{self.port}"], cwd=self.folder,
            env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(200):
            try:
                urllib.request.urlopen(self.address + "/style.css", timeout=2).read()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the page does not answer: " + self.log())

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            for signal_number in [signal.SIGTERM, signal.SIGTERM, signal.SIGKILL]:
                self.process.send_signal(signal_number)
                try:
                    self.process.wait(30)
                    break
                except subprocess.TimeoutExpired:
                    continue
        self.process = None

    def log(self):
        return (self.folder / "watch.log").read_text()[-3000:]

    def tip(self):
        return subprocess.run(["git", "rev-parse", "main"], cwd=self.repository, text=True,
                              capture_output=True, check=True).stdout.strip()

    def outcomes(self):
        """How each run has ended, by its name, and of which commit it is."""
        with urllib.request.urlopen(self.address + "/api/v1/runs", timeout=10) as answer:
            runs = json.load(answer)["runs"]
        return {run["run"]: (run["revision"], run["outcome"]) for run in runs}

    def awaits(self, outcome):
        """The run of the newest commit, once it has come to this."""
        for _ in range(600):
            for run, found in self.outcomes().items():
                if found == (self.tip(), outcome):
                    return run
            time.sleep(0.5)
        raise SystemExit(f"no run of the tip is {outcome}: {self.outcomes()}\n{self.log()}")
