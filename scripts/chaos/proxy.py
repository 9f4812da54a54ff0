"""A proxy before an engine's socket that breaks what goes through it."""

import asyncio
import os
import socket
import struct
import threading


class Proxy:
    """On a socket or a port of its own, in a thread of its own."""

    def __init__(self, target, path=None):
        self.target, self.path, self.port = target, path, 0
        self.links = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self._do(self._set_up())

    @property
    def host(self):
        return f"unix://{self.path}" if self.path else f"tcp://127.0.0.1:{self.port}"

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def _set_up(self):
        self.open = asyncio.Event()
        self.open.set()
        await self._listen()

    async def _listen(self):
        if self.path:
            self.server = await asyncio.start_unix_server(self._serve, self.path)
        else:
            self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self.server.sockets[0].getsockname()[1]

    async def _serve(self, client_reader, client_writer):
        try:
            reader, writer = await asyncio.open_unix_connection(self.target)
        except OSError:
            client_writer.transport.abort()
            return
        link = client_writer, writer
        self.links[link] = ""
        there = self._pump(client_reader, writer, link)
        back = self._pump(reader, client_writer, None)
        try:
            await asyncio.gather(there, back, return_exceptions=True)
        finally:
            self.links.pop(link, None)
            for end in link:
                end.close()

    async def _pump(self, reader, writer, link):
        try:
            while data := await reader.read(1 << 16):
                if link and not self.links.get(link):
                    self.links[link] = data.split(b"\r\n", 1)[0].decode("latin-1")
                await self.open.wait()
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        # The last is asyncio's own, where a transport was aborted meanwhile.
        except (OSError, RuntimeError, AttributeError):
            for end in link or (writer,):
                end.transport.abort()

    def cut(self, choose, how="broken"):
        """
        Breaks the connections whose first line is chosen, in the middle, with a reset, or
        as if the engine had nothing more to say; returns these lines.
        """
        return self._do(self._cut(choose, how))

    async def _cut(self, choose, how):
        chosen = choose(sorted(self.links.items(), key=lambda item: item[1]))
        for link, _ in chosen:
            if how == "ended":
                link[0].write(b"0\r\n\r\n")
                for end in link:
                    end.close()
                continue
            sock = link[0].get_extra_info("socket")
            if how == "reset" and not self.path:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            for end in link:
                end.transport.abort()
        return [line for _, line in chosen]

    def refuse(self):
        """Breaks all connections and takes no new ones."""
        self._do(self._close())
        return self.cut(lambda links: links, "reset")

    async def _close(self):
        self.server.close()
        if self.path:
            os.unlink(self.path)

    def take(self):
        self._do(self._listen())

    def hold(self):
        """Passes nothing on, and breaks nothing."""
        self.loop.call_soon_threadsafe(self.open.clear)

    def go_on(self):
        self.loop.call_soon_threadsafe(self.open.set)

    def end(self):
        self.go_on()
        try:
            self.refuse()
        except OSError:
            pass
        self.loop.call_soon_threadsafe(self.loop.stop)
