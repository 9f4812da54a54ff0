#!/usr/bin/env bash
# Gets what building and running djbuild needs, and says what it gets. Does
# nothing where everything is there. Installs on Debian and Ubuntu, as root or
# through sudo; elsewhere it says what is missing.
set -euo pipefail

say() { echo "setup: $*" >&2; }

if [ "$(id -u)" = 0 ]; then
    root=()
elif command -v sudo >/dev/null; then
    root=(sudo)
else
    root=(false)
fi

packages=()
need() { # COMMAND-OR-FILE PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || packages+=("$2")
}
need cc gcc
need make make
need git git
need curl curl
need /etc/ssl/certs/ca-certificates.crt ca-certificates
need python3 python3
need mmdebstrap mmdebstrap
# On a machine without Docker, Debian's; any other engine that answers will do.
engine_answers() {
    curl --silent --fail --max-time 10 --unix-socket "${DOCKER_SOCKET:-/var/run/docker.sock}" http://engine/_ping >/dev/null 2>&1 ||
        { command -v docker >/dev/null && timeout 20 docker version >/dev/null 2>&1; }
}
engine_answers || need dockerd docker.io
case " ${packages[*]} " in *" docker.io "*) ;; *) need docker docker.io ;; esac

if [ ${#packages[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null; then
        say "please install: ${packages[*]} (names as on Debian), then run make again"
        exit 1
    fi
    say "installing ${packages[*]}"
    "${root[@]}" apt-get -qq update || say "apt-get update failed; trying with the old lists"
    if ! "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends "${packages[@]}" >/dev/null; then
        say "could not install: ${packages[*]}. As root or with sudo: apt-get install ${packages[*]}"
        exit 1
    fi
    # Debian 13 has Docker's client in a package of its own.
    if ! command -v docker >/dev/null; then
        "${root[@]}" apt-get -qq install -y --no-install-recommends docker-cli >/dev/null || true
    fi
fi

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")
if ! command -v cargo >/dev/null; then
    say "installing Rust: there is no cargo on PATH"
    if "${root[@]}" apt-get -qq install -y rustup >/dev/null 2>&1; then
        rustup default stable
    elif ! curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal; then
        say "could not install Rust; djbuild needs $wanted or newer: https://rustup.rs"
        exit 1
    else
        say "Rust is installed; open a new shell, or run: . ~/.cargo/env"
        exit 1
    fi
fi
have=$(rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n1)" != "$wanted" ]; then
    say "djbuild needs Rust $wanted or newer, here is $have: rustup update stable"
    exit 1
fi

if ! engine_answers; then
    say "starting Docker"
    said=
    if [ -d /run/systemd/system ]; then
        said=$("${root[@]}" systemctl start docker 2>&1) || true
    elif [ -x /etc/init.d/docker ]; then
        said=$("${root[@]}" service docker start 2>&1) || true
    fi
    for _ in $(seq 30); do
        engine_answers && break
        sleep 1
    done
    if ! engine_answers; then
        say "no container engine answers, and Docker could not be started:"
        { echo "$said"; tail -n 5 /var/log/docker.log 2>/dev/null; } | sed '/^$/d; s/^/    /' >&2
        say "start one, or set DOCKER_HOST, and run make again"
        exit 1
    fi
fi
