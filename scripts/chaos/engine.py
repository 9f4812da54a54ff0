"""Container engines: the one that is there, and a second one that may be restarted."""

import os
import shutil
import subprocess
import time


class Engine:
    """A container engine, asked through Docker's own client."""

    def __init__(self, socket):
        self.socket = socket
        self.host = f"unix://{socket}"

    def docker(self, *words, check=False, timeout=120):
        command = ["docker", "--host", self.host, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def answers(self):
        command = ["docker", "--host", self.host, "version"]
        try:
            return subprocess.run(command, capture_output=True, timeout=20).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def containers(self, owner, label):
        """The running containers of this owner with such a label, as (id, name)."""
        words = ["--filter", f"label=djbuild.owner={owner}", "--format", '{{.ID}} {{.Names}} {{.Label "%s"}}' % label]
        lines = [line.split() for line in self.docker("ps", *words).splitlines()]
        # Images blank the label for their containers.
        return [(words[0], words[1]) for words in lines if len(words) == 3]

    def left(self, owner):
        """Everything there is of this owner."""
        if not owner:
            return []
        filters = ["--filter", f"label=djbuild.owner={owner}"]
        found = self.docker("ps", "--all", *filters, "--format", "container {{.Names}} ({{.Status}})").splitlines()
        found += self.docker("network", "ls", *filters, "--format", "network {{.Name}}").splitlines()
        found += self.docker("volume", "ls", *filters, "--format", "volume {{.Name}}").splitlines()
        return found


class SecondEngine(Engine):
    """
    A Docker daemon of the bench's own: in a network namespace of its own, so that its
    bridges, addresses and rules are nobody else's.
    """

    def __init__(self, folder, driver):
        super().__init__(str(folder / "docker.sock"))
        self.folder, self.driver = folder, driver
        self.namespace = f"djbuild-chaos-{os.getpid()}"
        self.process = None

    def begin(self):
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        subprocess.run(["ip", "netns", "exec", self.namespace, "ip", "link", "set", "lo", "up"], check=True)
        (self.folder / "daemon.json").write_text("{}")
        self.start()

    def start(self, live_restore=False):
        command = [
            "nsenter", f"--net=/var/run/netns/{self.namespace}", "dockerd",
            "--config-file", self.folder / "daemon.json", "--host", self.host,
            "--data-root", self.folder / "data", "--exec-root", self.folder / "exec",
            "--pidfile", self.folder / "pid", "--storage-driver", self.driver,
            f"--live-restore={str(live_restore).lower()}",
        ]
        deadline = time.monotonic() + 90
        while not self.answers():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the second daemon does not start: see {self.folder}/dockerd.log")
            # One that follows a killed one may find its containerd ending, and end itself.
            if self.process is None or self.process.poll() is not None:
                (self.folder / "pid").unlink(missing_ok=True)
                with open(self.folder / "dockerd.log", "ab") as log:
                    self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            time.sleep(0.3)

    def stop(self, hard=False):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.kill() if hard else self.process.terminate()
        try:
            self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def take_images(self, names, other):
        """Copies images from another engine."""
        save = subprocess.Popen(["docker", "--host", other.host, "save", *names], stdout=subprocess.PIPE)
        subprocess.run(["docker", "--host", self.host, "load", "--quiet"], stdin=save.stdout, check=True, capture_output=True)
        if save.wait():
            raise RuntimeError("the images could not be copied")

    def end(self):
        for container in self.docker("ps", "--all", "--quiet").split():
            self.docker("rm", "--force", "--volumes", container)
        self.stop()
        subprocess.run(["ip", "netns", "delete", self.namespace], capture_output=True)
        unmount(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)


def unmount(folder):
    """What a killed daemon left mounted, the innermost first."""
    with open("/proc/self/mounts") as mounts:
        points = [line.split()[1] for line in mounts]
    for point in sorted(points, reverse=True):
        if point.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", point], capture_output=True)
