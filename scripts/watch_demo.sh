#!/usr/bin/env bash
# A farm on a small repository that is made from real Django releases and gains a commit
# every half minute: the third breaks a test, the fourth mends it. Ctrl-C ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
djbuild=$PWD/target/release/djbuild
releases=(6.1 6.1.1 6.1.2 6.1.3)

demo=$(mktemp -d "${TMPDIR:-/tmp}/djbuild-watch.XXXXXX")
committer=
cleanup() {
    [ -z "$committer" ] || kill "$committer" 2>/dev/null || true
    rm -rf "$demo"
}
trap cleanup EXIT

export DJBUILD_STATE_DIR=$demo/state
cache=${DJBUILD_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/djbuild}
git=(git -C "$demo/django" -c user.name=Demo -c user.email=demo@example.org -c core.excludesFile=/dev/null)

# djbuild fetches releases; they are in a repository of its cache.
put() { # RELEASE SUBJECT
    "$djbuild" matrix --source "pypi:Django==$1" --python 3.14 --database sqlite >/dev/null
    find "$demo/django" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +
    git -C "$cache/releases.git" archive "refs/djbuild/django-$1" | tar -x -C "$demo/django"
    [ "$2" != broken ] || printf '\n\nclass Broken(TestCase):\n    def test_it(self):\n        self.fail("red")\n' \
        >>"$demo/django/tests/basic/tests.py"
    "${git[@]}" add -Af . && "${git[@]}" commit -qm "Django $1 ($2)"
}

mkdir "$demo/django"
"${git[@]}" init -q -b main
echo "watch demo: making a repository of Django ${releases[*]} in $demo" >&2
put "${releases[0]}" good
cat >"$demo/djbuild.toml" <<TOML
pythons = "3.14"
databases = ["sqlite"]

[watch]
source = "file://$demo/django"
interval = "5s"

[watch.page]
listen = "127.0.0.1:8010"
name = "djbuild demo"

[[watch.scheduler]]
name = "branches"
branches = "main"
settle = "1s"
labels = ["basic"]

[[watch.notice]]
name = "you"
command = ["/bin/sh", "-c", "echo \"notice: \$DJBUILD_NOTICE_HEADLINE\" >&2; echo \"\$DJBUILD_NOTICE_HEADLINE\" >> $demo/notices"]
TOML

(
    words=(good broken mended)
    for index in 1 2 3; do
        sleep 30
        put "${releases[$index]}" "${words[$((index - 1))]}"
        echo "watch demo: pushed Django ${releases[$index]} (${words[$((index - 1))]})" >&2
    done
) &
committer=$!

cd "$demo"
"$djbuild" watch "$@" || true
echo "watch demo: what was told:" >&2
cat "$demo/notices" >&2 2>/dev/null || echo "nothing" >&2
