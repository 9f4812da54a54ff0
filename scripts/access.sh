#!/usr/bin/env bash
# Users of real Djangos log in: PostgreSQL and MariaDB as Debian has them, with TLS, in
# folders of their own that are gone afterwards. `make access` calls it.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
say() { echo "access: $*" >&2; }

postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if [ -z "$postgres" ] || ! command -v mariadbd >/dev/null; then
    say "please install postgresql, mariadb-server and python3-venv, then run make again"
    exit 1
fi

work=$(mktemp -d)
chmod 755 "$work"
pids=()
end() {
    for pid in "${pids[@]}"; do
        kill -CONT "$pid" 2>/dev/null || true
        kill -QUIT "$pid" 2>/dev/null || true
    done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT

# Servers do not run as root, and root may be who tests.
as() { # USER COMMAND…
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid "$1" --regid "$1" --clear-groups env -u HOME "${@:2}"
    else
        "${@:2}"
    fi
}
own() { [ "$(id -u)" != 0 ] || chown -R "$1:" "$2"; }

python=${PYTHON:-python3}
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet Django argon2-cffi bcrypt psycopg2-binary pymysql
django() { "$work/venv/bin/python" scripts/django_users.py "$@"; }

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null

test_it() {
    cargo test --locked --test django_users -- --ignored --exact \
        users_of_a_real_server_get_what_is_theirs_until_it_stops
}

say "PostgreSQL ($postgres)"
port=$((20000 + RANDOM % 20000))
data=$work/postgresql
mkdir "$data"
own postgres "$data"
echo right-password >"$work/password"
as postgres "$postgres/initdb" -D "$data" -U owner --auth=scram-sha-256 \
    --pwfile="$work/password" --encoding=UTF8 --locale=C.UTF-8 >/dev/null
cp "$work/key.pem" "$work/cert.pem" "$data/"
chmod 600 "$data/key.pem"
own postgres "$data"
as postgres "$postgres/postgres" -D "$data" -p "$port" -k "$data" -c listen_addresses=localhost \
    -c ssl=on -c ssl_cert_file=cert.pem -c ssl_key_file=key.pem -c fsync=off \
    >"$work/postgresql.log" 2>&1 &
pids+=($!)
sql() { PGPASSWORD=right-password "$postgres/psql" -qh localhost -p "$port" -U owner "$@"; }
for _ in $(seq 100); do sql -c "SELECT 1" postgres >/dev/null 2>&1 && break || sleep 0.1; done
sql -c "CREATE DATABASE site" postgres
django postgresql site HOST=localhost PORT="$port" USER=owner PASSWORD=right-password
sql -c "CREATE ROLE reader LOGIN PASSWORD 'right-password';
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader" site
pid=$(head -n 1 "$data/postmaster.pid")
# Its children answer, so they are frozen too.
family="$pid \$(pgrep -P $pid | tr '\n' ' ')"
rest="localhost:$port/site?sslrootcert=$work/cert.pem"
DJBUILD_ACCESS_URL="postgresql://reader:right-password@$rest" \
DJBUILD_ACCESS_OWNER_URL="postgresql://owner:right-password@$rest" \
DJBUILD_ACCESS_DISABLE_STAFF="PGPASSWORD=right-password $postgres/psql -qh localhost -p $port \
    -U owner site -c \"UPDATE auth_user SET is_active = false WHERE username = 'staff'\"" \
DJBUILD_ACCESS_FREEZE="kill -STOP $family" \
DJBUILD_ACCESS_THAW="kill -CONT $family" \
DJBUILD_ACCESS_STOP="kill -INT $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done" \
    test_it

say "MariaDB ($(mariadbd --version | grep -o '[0-9.]*-MariaDB'))"
port=$((20000 + RANDOM % 20000))
data=$work/mariadb
mkdir "$data"
cp "$work/key.pem" "$work/cert.pem" "$data/"
own mysql "$data"
as mysql mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal \
    --skip-test-db >/dev/null
as mysql mariadbd --no-defaults --datadir="$data" --socket="$data/socket" --port="$port" \
    --bind-address=localhost --pid-file="$data/pid" --ssl-cert="$data/cert.pem" \
    --ssl-key="$data/key.pem" --require-secure-transport=0 >"$work/mariadb.log" 2>&1 &
pids+=($!)
sql() { mariadb --no-defaults --socket="$data/socket" -u root "$@"; }
for _ in $(seq 200); do sql -e "SELECT 1" >/dev/null 2>&1 && break || sleep 0.1; done
sql -e "CREATE DATABASE site CHARACTER SET utf8mb4;
        CREATE USER owner@'%' IDENTIFIED BY 'right-password'; GRANT ALL ON site.* TO owner@'%';
        CREATE USER reader@'%' IDENTIFIED BY 'right-password' REQUIRE SSL;
        GRANT SELECT ON site.* TO reader@'%'"
django mysql site HOST=127.0.0.1 PORT="$port" USER=owner PASSWORD=right-password
pid=$(cat "$data/pid")
rest="localhost:$port/site?sslrootcert=$work/cert.pem"
DJBUILD_ACCESS_URL="mysql://reader:right-password@$rest" \
DJBUILD_ACCESS_OWNER_URL="mysql://owner:right-password@$rest" \
DJBUILD_ACCESS_DISABLE_STAFF="mariadb --no-defaults --socket=$data/socket -u root site \
    -e \"UPDATE auth_user SET is_active = 0 WHERE username = 'staff'\"" \
DJBUILD_ACCESS_FREEZE="kill -STOP $pid" \
DJBUILD_ACCESS_THAW="kill -CONT $pid" \
DJBUILD_ACCESS_STOP="kill -TERM $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done" \
    test_it
say "all users got what is theirs, and nobody else anything"
