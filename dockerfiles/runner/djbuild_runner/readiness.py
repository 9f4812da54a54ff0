"""
Waiting for the services while Django loads.

A thread connects until each one answers. The suite waits for it before it
needs a database: when it sets its databases up, or when a test module connects
while being imported, whichever is first.
"""

import socket
import threading
import time
from urllib.parse import urlsplit

from . import notes
from .drivers import probe
from .exits import UNREADY

# Between attempts; a refused connection comes back at once.
PAUSE = 0.05

# The longest one attempt may take on a network that drops packets.
ATTEMPT = 5


class Readiness:
    def __init__(self, cell, channel):
        self._channel = channel
        self._timeout = cell.ready_timeout
        self._probe = probe(cell.database)
        self._caches = cache_addresses(cell.caches)
        self._unready = None
        self._unguard = lambda: None
        self._thread = threading.Thread(target=self._wait, daemon=True)

    def start(self):
        self._thread.start()

    def guard(self, wrapper_class):
        """Make the first connection of Django's database layer wait too."""
        connect = wrapper_class.connect

        def wait_and_connect(wrapper):
            self.ensure()
            return connect(wrapper)

        wrapper_class.connect = wait_and_connect
        self._unguard = lambda: setattr(wrapper_class, "connect", connect)

    def ensure(self):
        """Return once every service answers; leave if one never does."""
        self._unguard()
        self._thread.join()
        if self._unready:
            service, message = self._unready
            self._channel.send("unready", service=service, message=message)
            raise SystemExit(UNREADY)

    def _wait(self):
        started = time.monotonic()
        answer = self._answer("database", self._probe, started)
        if answer is None:
            return
        server, epoch = answer
        notes.server_is_at(epoch)
        self._channel.send(
            "database_ready",
            driver=self._probe.driver,
            server=server,
            seconds=round(time.monotonic() - started, 3),
        )
        for service, address in self._caches:

            def attempt(seconds, address=address):
                socket.create_connection(address, seconds).close()
                return address

            if self._answer(service, attempt, started) is None:
                return

    def _answer(self, service, attempt, started):
        """What the first successful attempt returns; None if time runs out."""
        while True:
            left = started + self._timeout - time.monotonic()
            try:
                return attempt(max(PAUSE, min(ATTEMPT, left)))
            # Whatever it is, a driver's error or a name not known yet, only
            # time tells whether it will last.
            except Exception as error:
                if left <= PAUSE:
                    self._unready = service, str(error).strip() or repr(error)
                    return None
            time.sleep(PAUSE)


def cache_addresses(caches):
    """Pairs of a service's name and a (host, port) of it."""
    addresses = [("memcached", server) for server in caches.get("memcached", ())]
    if caches.get("redis"):
        addresses.append(("redis", urlsplit(caches["redis"]).netloc))
    defaults = {"memcached": 11211, "redis": 6379}
    for service, address in addresses:
        parts = urlsplit(f"//{address}")
        yield service, (parts.hostname, parts.port or defaults[service])
