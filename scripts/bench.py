#!/usr/bin/env python3
"""Measures djbuild against plain `docker run`, side by side in one run.

Prints ratios of wall times (djbuild / alternative), pair by pair: machines are
noisy, and only what ran next to each other can be compared. Nothing is
asserted. Needs a container engine and, the first time, the package index.

    scripts/bench.py [start] [cell] [six] [edit] [memory]
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DJBUILD = ROOT / "target/release/djbuild"
RELEASE = "6.1.3"
OTHER_RELEASE = "6.0.10"
PYTHON = "3.14"
DATABASES = ["sqlite", "postgresql17", "mariadb11.8"]
PORTS = {"postgresql17": 5432, "mariadb11.8": 3306}
# A cell of half a minute and more, and one of seconds.
LONG = ["admin_views", "auth_tests", "forms_tests", "template_tests"]
SHORT = ["basic", "signing"]
SIX = ["aggregation", "queries", "basic"]
PAIRS = 3

home = Path(tempfile.mkdtemp(prefix="djbuild-bench-"))
environment = {**os.environ, "DJBUILD_STATE_DIR": str(home / "state")}


def djbuild(*words, cwd=None):
    command = [str(DJBUILD), "run", *words, "--python", PYTHON]
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=cwd or home, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return seconds, done.stdout


def docker(*words):
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


def tree_image(kind, release):
    """The newest layer of this release on this Python and kind of database."""
    events = djbuild("basic.no_such_test", "--source", f"pypi:Django=={release}", "--database", kind, "--format", "json")[1]
    started = json.loads(events.splitlines()[0])
    snapshot = started["revisions"][0]["snapshot"]
    family = {"sqlite": "sqlite", "postgresql17": "postgresql", "mariadb11.8": "mysql"}[kind]
    images = docker("images", "--filter", f"label=djbuild.snapshot={snapshot}", "--format", "{{.Repository}}:{{.Tag}}")
    return next(image for image in images.splitlines() if f"/tree-python{PYTHON}-{family}:" in image)


def database_image(kind):
    """The image of a database server, which a run has made by now."""
    if kind == "sqlite":
        return None
    found = docker("images", "--filter", f"reference=djbuild/{kind}", "--format", "{{.Repository}}:{{.Tag}}")
    return found.splitlines()[0]


def docker_cell(image, labels, parallel, kind="sqlite", network="none", host=None):
    """The command of a cell, run by hand."""
    vendor = kind.rstrip("0123456789.")
    database = {"vendor": vendor, "user": "django", "password": "django", "name": "django"}
    if host:
        database |= {"host": host, "port": PORTS[kind]}
    cell = {
        "tree": "/django", "cell": "by-hand", "database": database, "caches": {},
        "parallel": parallel, "ready_timeout": 60, "arguments": labels,
    }
    command = [
        "docker", "run", "--rm", "--init", "--network", network, "--cap-drop", "ALL", "--memory", "8g",
        "--env", f"DJBUILD_CELL={json.dumps(cell)}", image, "/venv/bin/python", "-Wall", "-m", "djbuild_runner",
    ]
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def ratios(title, pairs):
    """One line: the median of the pairs' ratios, and what they were."""
    each = [ours / theirs for ours, theirs in pairs]
    more = statistics.median(ours - theirs for ours, theirs in pairs)
    shown = ", ".join(f"{ours:.1f}/{theirs:.1f}" for ours, theirs in pairs)
    print(f"{title}: ratio {statistics.median(each):.3f}, {more:+.2f} s ({shown} s)", flush=True)


def bench_cell():
    source = f"pypi:Django=={RELEASE}"
    image = tree_image("sqlite", RELEASE)
    for title, labels in [("a long cell", LONG), ("a short cell", SHORT)]:
        words = [*labels, "--source", source, "--database", "sqlite", "--parallel", "2"]
        pairs = [(djbuild(*words)[0], docker_cell(image, labels, 2)) for _ in range(PAIRS)]
        ratios(f"{title}, djbuild / docker run", pairs)


def one_after_another(images, labels):
    """Each cell's database first, until it reports healthy; then the tests."""
    began = time.perf_counter()
    for (kind, _release), (image, server) in images.items():
        if server is None:
            docker_cell(image, labels, 2)
            continue
        docker("network", "create", "--internal", "djbuild-bench")
        probe = {
            "postgresql17": "pg_isready -h 127.0.0.1 || exit 1",
            "mariadb11.8": "mariadb-admin --skip-ssl -h 127.0.0.1 -udjango -pdjango ping --silent || exit 1",
        }[kind]
        docker(
            "run", "--detach", "--name", "djbuild-bench-db", "--network", "djbuild-bench", "--init",
            "--health-cmd", probe, "--health-interval", "1s",
            "--tmpfs", "/djbuild/live:exec,mode=1777", server,
        )
        while docker("inspect", "--format", "{{.State.Health.Status}}", "djbuild-bench-db") != "healthy":
            time.sleep(0.1)
        docker_cell(image, labels, 2, kind, "djbuild-bench", "djbuild-bench-db")
        docker("rm", "--force", "--volumes", "djbuild-bench-db")
        docker("network", "rm", "djbuild-bench")
    return time.perf_counter() - began


def bench_six():
    images = {}
    for release in [RELEASE, OTHER_RELEASE]:
        for kind in DATABASES:
            image = tree_image(kind, release)
            images[kind, release] = (image, database_image(kind))
    words = [*SIX, "--source", f"pypi:Django=={RELEASE}", "--source", f"pypi:Django=={OTHER_RELEASE}"]
    for kind in DATABASES:
        words += ["--database", kind]
    pairs = [(djbuild(*words)[0], one_after_another(images, SIX)) for _ in range(PAIRS)]
    ratios("six cells, djbuild / one after another", pairs)


def make_checkout():
    """A git checkout of the release, committed."""
    cache = Path(os.environ.get("DJBUILD_CACHE_DIR") or Path.home() / ".cache/djbuild")
    command = [str(DJBUILD), "matrix", "--source", f"pypi:Django=={RELEASE}"]
    subprocess.run(command, check=True, capture_output=True)
    checkout = Path(tempfile.mkdtemp(dir=home)) / "django"
    checkout.mkdir()
    release = ["git", "-C", str(cache / "releases.git"), "archive", f"refs/djbuild/django-{RELEASE}"]
    archive = subprocess.run(release, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x"], cwd=checkout, input=archive, check=True)
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-f", "."], ["commit", "-qm", "Django"]):
        subprocess.run([*git, *words], cwd=checkout, check=True)
    return checkout


def bench_start():
    """What a command costs before it does anything, beside git's own look at the tree."""
    checkout = make_checkout()

    def milliseconds(*command):
        began = time.perf_counter()
        subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True)
        return 1000 * (time.perf_counter() - began)

    pairs = [(milliseconds(DJBUILD, "matrix"), milliseconds("git", "status", "--short")) for _ in range(40)]
    ours = statistics.median(ours for ours, _ in pairs)
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    print(f"djbuild matrix on a checkout: {ours:.1f} ms (goal 30), {ratio:.2f} of git status", flush=True)
    print(f"the binary: {DJBUILD.stat().st_size / 2**20:.1f} MiB", flush=True)


def bench_edit():
    djbuild("basic.no_such_test", "--source", f"pypi:Django=={RELEASE}", "--database", "sqlite")
    checkout = make_checkout()
    found = []
    for number in range(5):
        with open(checkout / "django/utils/text.py", "a") as file:
            file.write(f"# edit {number}\n")
        command = [str(DJBUILD), "run", "basic", "--python", PYTHON, "--database", "sqlite", "--format", "json"]
        began = time.perf_counter()
        with subprocess.Popen(command, env=environment, cwd=checkout, stdout=subprocess.PIPE, text=True) as child:
            for line in child.stdout:
                if json.loads(line)["event"] == "test_finished":
                    found.append(time.perf_counter() - began)
                    break
            child.stdout.read()
    print(f"from Enter to the first finished test after an edit: median {statistics.median(found):.2f} s"
          f" ({', '.join(f'{seconds:.2f}' for seconds in found)})", flush=True)


def bench_memory():
    words = ["basic", "--jobs", "8", "--isolation", "run"]
    for release in [RELEASE, OTHER_RELEASE, "5.2.19"]:
        words += ["--source", f"pypi:Django=={release}"]
    for kind in DATABASES:
        words += ["--database", kind]
    djbuild(*words)
    before = os.fork()
    if before == 0:
        djbuild(*words)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"djbuild's own peak memory with eight cells at once: {peak:.1f} MiB", flush=True)
        os._exit(0)
    os.waitpid(before, 0)


def main():
    benches = {
        "start": bench_start,
        "cell": bench_cell,
        "six": bench_six,
        "edit": bench_edit,
        "memory": bench_memory,
    }
    try:
        for name in sys.argv[1:] or benches:
            benches[name]()
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
