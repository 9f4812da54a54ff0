#!/usr/bin/python3
"""Sends notices to real receivers, and says what became of them.

A mail server (aiosmtpd) with STARTTLS and passwords, two chats (ngIRCd, and InspIRCd with
Atheme's accounts) in the clear and with TLS, something that answers for GitHub and for a
webhook, and a made-up notify-send; all on this machine and with a certificate of their own
making. djbuild is what `djbuild watch --check --send-test` is. In the end nothing that
djbuild said has a secret in it.

    apt-get install ngircd inspircd atheme-services python3-aiosmtpd openssl
    scripts/receivers.py target/debug/djbuild
"""

import email
import email.policy
import http.server
import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SECRET = "PLANTED-hunter2-SECRET"
WRONG = "PLANTED-wrong-SECRET"
NEEDED = ["ngircd", "inspircd", "atheme-services", "openssl"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port, name):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{name} does not listen on {port}")


class Receivers:
    """Everything that is sent to, in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.mails = []
        self.posts = []

    def start(self, *command):
        path = os.environ["PATH"] + ":/usr/sbin"
        # Chat servers want no root.
        user = pwd.getpwnam("nobody")
        drop = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        log = open(self.folder / f"{Path(command[0]).name}.log", "w")
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": path},
            cwd=self.folder,
            **(drop if os.getuid() == 0 else {}),
        )
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes:
            process.wait(10)

    def certify(self):
        """A certificate for localhost, by an authority of our own."""

        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
                "ca.pem", "-days", "2", "-subj", "/CN=receivers")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "csr.pem",
                "-subj", "/CN=localhost")
        extensions = "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n"
        (self.folder / "ext").write_text(extensions)
        openssl("x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", "cert.pem", "-days", "2", "-extfile", "ext")
        for name in ["key.pem", "cert.pem", "ca.pem"]:
            (self.folder / name).chmod(0o644)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        return context

    def mail(self, context):
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import AuthResult

        mails = self.mails

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith("nobody@"):
                    return "550 5.1.1 nobody of that name"
                if address.startswith("later@"):
                    return "450 4.2.0 greylisted"
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(self, server, session, envelope):
                message = email.message_from_bytes(envelope.content, policy=email.policy.default)
                mails.append((envelope.rcpt_tos, message, session.authenticated))
                return "250 taken"

        def authenticate(server, session, envelope, mechanism, data):
            right = (data.login, data.password) == (b"farm", SECRET.encode())
            if right:
                return AuthResult(success=True)
            said = f"535 5.7.8 no: {data.password.decode()}"
            return AuthResult(success=False, handled=False, message=said)

        common = {"hostname": "127.0.0.1", "authenticator": authenticate, "auth_required": True}
        starttls = Controller(Handler(), port=free_port(), tls_context=context,
                              require_starttls=True, **common)
        at_once = Controller(Handler(), port=free_port(), ssl_context=context,
                             auth_require_tls=False, **common)
        plain = Controller(Handler(), port=free_port(), hostname="127.0.0.1")
        for server in [starttls, at_once, plain]:
            server.start()
        return starttls.port, at_once.port, plain.port

    def web(self):
        posts = self.posts

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status):
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                posts.append((self.path, self.rfile.read(length).decode()))
                self.answer(200)

            def do_GET(self):
                is_right = self.headers["Authorization"] == f"Bearer {SECRET}"
                self.answer(200 if is_right else 401)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_port

    def ngircd(self):
        plain, encrypted = free_port(), free_port()
        (self.folder / "ngircd.conf").write_text(f"""
[Global]
    Name = irc.example.org
    Info = receivers
    Listen = 127.0.0.1
    Ports = {plain}
[Limits]
    MaxConnectionsIP = 0
    MaxNickLength = 16
[Options]
    DNS = no
    Ident = no
    PAM = no
[SSL]
    CertFile = {self.folder}/cert.pem
    KeyFile = {self.folder}/key.pem
    Ports = {encrypted}
[Channel]
    Name = #closed
    Modes = i
""")
        self.start("ngircd", "--nodaemon", "--config", str(self.folder / "ngircd.conf"))
        await_port(plain, "ngircd")
        return plain, encrypted

    def inspircd(self):
        encrypted, link = free_port(), free_port()
        (self.folder / "inspircd.conf").write_text(f"""
<server name="irc.example.com" description="receivers" network="Receivers">
<admin name="a" nick="a" email="a@example.org">
<path datadir="{self.folder}" logdir="{self.folder}" runtimedir="{self.folder}">
<bind address="127.0.0.1" port="{encrypted}" type="clients" sslprofile="tls">
<bind address="127.0.0.1" port="{link}" type="servers">
<module name="ssl_gnutls">
<sslprofile name="tls" provider="gnutls" certfile="{self.folder}/cert.pem"
    keyfile="{self.folder}/key.pem">
<module name="spanningtree"> <module name="services_account"> <module name="cap">
<module name="sasl"> <module name="hidechans"> <module name="ircv3">
<module name="ircv3_servertime"> <module name="ircv3_capnotify">
<sasl target="services.example.com" requiressl="yes">
<uline server="services.example.com" silent="yes">
<link name="services.example.com" ipaddr="127.0.0.1" port="{link}" allowmask="127.0.0.0/8"
    sendpass="linked" recvpass="linked">
<connect allow="*" timeout="20" resolvehostnames="no" useident="no" globalmax="99"
    localmax="99">
<badhost host="*@10.0.0.1" reason="spam">
<badnick nick="badnick" reason="Reserved">
<log method="file" type="*" level="default" target="inspircd-all.log">
""")
        self.start("inspircd", "--nofork", "--nopid", "--config",
                   str(self.folder / "inspircd.conf"))
        await_port(link, "inspircd")
        modules = ["protocol/inspircd", "backend/opensex", "crypto/pbkdf2v2", "nickserv/main",
                   "nickserv/register", "nickserv/identify", "saslserv/main", "saslserv/plain"]
        loads = "\n".join(f'loadmodule "modules/{module}";' for module in modules)
        (self.folder / "atheme.conf").write_text(f"""{loads}
serverinfo {{ name = "services.example.com"; desc = "services"; numeric = "00A"; recontime = 2;
    netname = "Receivers"; hidehostsuffix = "x"; adminname = "a"; adminemail = "a@example.org";
    mta = "/bin/true"; loglevel = {{ all; }}; maxlogins = 9; maxusers = 9; maxnicks = 9;
    maxchans = 9; mdlimit = 9; emaillimit = 9; emailtime = 300; auth = none;
    casemapping = rfc1459; }};
uplink "irc.example.com" {{ host = "127.0.0.1"; port = {link}; send_password = "linked";
    receive_password = "linked"; }};
nickserv {{ nick = "NickServ"; user = "NickServ"; host = "services.example.com"; real = "n"; }};
saslserv {{ nick = "SaslServ"; user = "SaslServ"; host = "services.example.com"; real = "s"; }};
general {{ commit_interval = 5; }};
""")
        self.start("atheme-services", "-n", "-c", str(self.folder / "atheme.conf"), "-D",
                   str(self.folder), "-l", str(self.folder / "atheme-all.log"), "-p",
                   str(self.folder / "atheme.pid"))
        await_port(encrypted, "inspircd")
        return encrypted


class Listener:
    """Somebody in a channel, who notes what is said there."""

    def __init__(self, port, nick, channel, context=None):
        raw = socket.create_connection(("127.0.0.1", port), 20)
        self.socket = context.wrap_socket(raw, server_hostname="localhost") if context else raw
        self.said, self.lines = [], []
        self.joined = threading.Event()
        self.send(f"NICK {nick}")
        self.send(f"USER {nick} 0 * :{nick}")
        self.channel = channel
        threading.Thread(target=self.listen, daemon=True).start()

    def send(self, line):
        self.socket.sendall(line.encode() + b"\r\n")

    def listen(self):
        rest = b""
        while True:
            try:
                some = self.socket.recv(4096)
            except OSError:
                return
            if not some:
                return
            *lines, rest = (rest + some).split(b"\r\n")
            for line in lines:
                words = line.split(b" ")
                self.lines.append(line.decode(errors="replace"))
                if words[0] == b"PING":
                    self.send(f"PONG {words[1].decode()}")
                elif words[1] == b"001" and self.channel:
                    self.send(f"JOIN {self.channel}")
                elif words[1] == b"001" or words[1] == b"366":
                    self.joined.set()
                elif words[1] == b"PRIVMSG" and words[2].startswith(b"#"):
                    self.said.append(line)

    def waits_for(self, part):
        for _ in range(100):
            if any(part in line for line in self.lines):
                return
            time.sleep(0.1)
        sys.exit(f"nobody says {part}: {self.lines[-5:]}")


class Trial:
    def __init__(self, djbuild, folder):
        self.djbuild = djbuild
        self.folder = folder
        self.output = ""
        self.wrong = []
        home = folder / "home"
        (home / "bin").mkdir(parents=True)
        program = home / "bin" / "notify-send"
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/desktop\n')
        program.chmod(0o755)
        self.repository = home / "repository"
        subprocess.run(
            "git init -q -b main repository && cd repository && mkdir django tests &&"
            " echo 'VERSION = (7, 0, 0, \"alpha\", 0)' > django/__init__.py &&"
            " touch tests/runtests.py && git add -A &&"
            " git -c user.name=t -c user.email=t@example.org commit -qm Django",
            shell=True, check=True, cwd=home)
        self.home = home
        secrets = home / "secrets.toml"
        secrets.write_text(f'right = "{SECRET}"\nwrong = "{WRONG}"\n')
        secrets.chmod(0o600)

    def send(self, name, lines, expected):
        """Sends a test notice, and says whether what is told of it is as expected."""
        file = self.home / "djbuild.toml"
        file.write_text(f'pythons = "3.14"\ndatabases = ["sqlite"]\n[watch]\n'
                        f'source = "file://{self.repository}"\n[[watch.scheduler]]\n'
                        f'name = "branches"\nbranches = "main"\n'
                        f'[[watch.notice]]\nname = "it"\n{lines}\n')
        environment = {**os.environ, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home),
                       "XDG_STATE_HOME": str(self.home / "state"),
                       "XDG_CACHE_HOME": str(self.home / "cache"),
                       "DJBUILD_SECRETS": str(self.home / "secrets.toml"),
                       "SSL_CERT_FILE": str(self.folder / "ca.pem"),
                       "PATH": f"{self.home}/bin:{os.environ['PATH']}"}
        begun = time.monotonic()
        ran = subprocess.run([self.djbuild, "watch", "--check", "--send-test"], cwd=self.home,
                             env=environment, capture_output=True, text=True)
        said = ran.stdout + ran.stderr
        self.output += said
        lines = [line for line in said.splitlines() if line.startswith("wrong:")]
        lines += [line for line in said.splitlines() if "it: took" in line]
        line = lines[0] if lines else said.strip()
        line = line.replace(str(self.home) + "/", "")
        mark = "ok   " if expected in said else "WRONG"
        print(f"{mark} {name} ({time.monotonic() - begun:.1f} s): {line}", flush=True)
        if expected not in said:
            self.wrong.append(name)

    def holds(self, name, is_so, found=""):
        print(f"{'ok   ' if is_so else 'WRONG'} {name} {'' if is_so else found}", flush=True)
        if not is_so:
            self.wrong.append(name)


TOOK = "it: took a test notice"


def mails(trial, receivers, context):
    starttls, at_once, plain = receivers.mail(context)
    to = 'mail = ["one@example.org", "two@example.org"]\nfrom = "djbuild <farm@example.org>"\n'
    right = 'user = "farm"\npassword = { secret = "right" }\n'
    wrong = right.replace("right", "wrong")
    required = 'encryption = "required"\n'
    trial.send("mail, STARTTLS and a password",
               f'{to}{right}{required}smtp = "smtp://localhost:{starttls}"', TOOK)
    trial.send("mail, TLS at once", f'{to}{right}smtp = "smtps://localhost:{at_once}"', TOOK)
    trial.send("mail, in the clear on this machine", f'{to}smtp = "smtp://localhost:{plain}"', TOOK)
    trial.send("mail, a wrong password, which the server repeats",
               f'{to}{wrong}{required}smtp = "smtp://localhost:{starttls}"', "logging in")
    trial.send("mail, no STARTTLS where it is required",
               f'{to}{required}smtp = "smtp://localhost:{plain}"', "offers no STARTTLS")
    trial.send("mail, a certificate of another name",
               f'{to}{right}smtp = "smtps://127.0.0.1:{at_once}"', "certificate")
    for who, expected in [("nobody", "the others have it"), ("later", "greylisted")]:
        named = to.replace("two@", f"{who}@")
        trial.send(f"mail, one of two is {who}", f'{named}smtp = "smtp://localhost:{plain}"',
                   expected)
    words = 'template = "{{ headline }}\\nFüür 🎉"\n'
    trial.send("mail, in words of its own", f'{to}{words}smtp = "smtp://localhost:{plain}"', TOOK)
    got = receivers.mails
    trial.holds("five mails came, two of them of somebody who is known",
                [bool(known) for _, _, known in got] == [True, True, False, False, False], got)
    headers = got[0][1]
    trial.holds("they say that nobody wrote them and which list they are of",
                headers["Auto-Submitted"] == "auto-generated"
                and headers["List-Id"] == "<it.djbuild.example.org>", headers.items())
    trial.holds("words are whole", "Füür 🎉" in got[-1][1].get_content(), got[-1][1].get_content())


def chats(trial, receivers):
    client = ssl.create_default_context(cafile=receivers.folder / "ca.pem")
    plain, encrypted = receivers.ngircd()
    ear = Listener(plain, "ear", "#django")
    ear.joined.wait(20)
    long = 'template = "{{ headline }} {{ \'Füür 🎉 \' * 200 }}"\n'
    trial.send("irc, in the clear", f'irc = "irc://localhost:{plain}/#django"', TOOK)
    trial.send("irc, TLS", f'irc = "ircs://localhost:{encrypted}/#django"', TOOK)
    taken = Listener(plain, "djbuild", None)
    taken.joined.wait(20)
    trial.send("irc, the nick is taken, and much to say",
               f'{long}irc = "ircs://localhost:{encrypted}/#django"', TOOK)
    trial.send("irc, a channel for those who are invited",
               f'irc = "ircs://localhost:{encrypted}/#closed"', "473")
    trial.send("irc, an account where there are none",
               f'account = "farm"\npassword = {{ secret = "right" }}\n'
               f'irc = "ircs://localhost:{encrypted}/#django"', "SASL")
    trial.send("irc, a certificate of another name",
               f'irc = "ircs://127.0.0.1:{encrypted}/#django"', "certificate")
    time.sleep(0.5)
    trial.holds("what was said was heard, each line within 512 bytes",
                len(ear.said) > 6 and all(len(line) <= 510 for line in ear.said), ear.said)
    heard = b" ".join(line.split(b" :", 1)[1] for line in ear.said).decode()
    trial.holds("and no character of it was cut", "\ufffd" not in heard
                and heard.count("Füür 🎉") == 200, heard)

    encrypted = receivers.inspircd()
    owner = Listener(encrypted, "farm", "#django", client)
    owner.joined.wait(20)
    time.sleep(3)
    owner.send(f"PRIVMSG NickServ :REGISTER {SECRET} farm@example.org")
    owner.waits_for("registered")
    account = 'account = "farm"\npassword = { secret = "right" }\n'
    trial.send("irc, an account by SASL",
               f'{account}irc = "ircs://localhost:{encrypted}/#django"', TOOK)
    trial.send("irc, a wrong password",
               account.replace("right", "wrong")
               + f'irc = "ircs://localhost:{encrypted}/#django"', "SASL")
    trial.send("irc, a nick that nobody may have",
               f'nick = "badnick"\nirc = "ircs://localhost:{encrypted}/#django"', "432")
    trial.holds("what was said with an account was heard", len(owner.said) == 1, owner.said)
    server = next(process for process in receivers.processes if "inspircd" in process.args[0])
    server.send_signal(signal.SIGSTOP)
    trial.send("irc, a server that hangs",
               f'irc = "ircs://localhost:{encrypted}/#django"', "no end within 30 s")
    server.send_signal(signal.SIGCONT)


def others(trial, receivers):
    port = receivers.web()
    github = f'github = "me/django"\napi = "http://127.0.0.1:{port}"\n'
    trial.send("github", github + 'token = { secret = "right" }', TOOK)
    trial.send("github, a wrong token", github + 'token = { secret = "wrong" }', "401")
    words = 'template = \'{"summary": {{ headline|tojson }}}\'\n'
    trial.send("webhook, words of its own", f'{words}webhook = "http://127.0.0.1:{port}/x"', TOOK)
    trial.holds("they are JSON", "summary" in json.loads(receivers.posts[-1][1]), receivers.posts)
    trial.send("a template that names what is not there",
               'command = ["true"]\ntemplate = "{{ headlin }}"', "headlin")
    trial.send("desktop", "desktop = true", TOOK)
    trial.holds("it is shown", (trial.folder / "desktop").read_text().startswith("--app-name"))


def main():
    os.environ["PATH"] += ":/usr/sbin"
    missing = [name for name in NEEDED if not shutil.which(name)]
    if not importlib.util.find_spec("aiosmtpd"):
        missing.append("aiosmtpd")
    if missing:
        sys.exit(f"missing: {' '.join(missing)}: apt-get install ngircd inspircd"
                 " atheme-services python3-aiosmtpd openssl")
    djbuild = str(Path(sys.argv[1] if len(sys.argv) > 1 else "target/debug/djbuild").resolve())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        folder.chmod(0o777)
        receivers = Receivers(folder)
        trial = Trial(djbuild, folder)
        try:
            context = receivers.certify()
            others(trial, receivers)
            mails(trial, receivers, context)
            chats(trial, receivers)
        finally:
            receivers.stop()
        trial.holds("no secret was told",
                    "PLANTED" not in trial.output and "UExBTlRFRC" not in trial.output)
    if trial.wrong:
        sys.exit(f"{len(trial.wrong)} are not as they should be: {', '.join(trial.wrong)}")


if __name__ == "__main__":
    main()
