#!/usr/bin/env bash
# Builds a binary that needs no library of its host, and packs it with its
# manual pages and completions: packaging/binary.sh [TARGET]
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:-x86_64-unknown-linux-musl}
# For musl this is the default; glibc's own static library will do to try it.
export RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static"
cargo build --release --locked --target "$target"

binary="target/$target/release/djbuild"
if ldd "$binary" 2>/dev/null | grep -q '=>'; then
    echo "$binary is not static:" && ldd "$binary" && exit 1
fi
packed=$(mktemp -d)
trap 'rm -rf "$packed"' EXIT
cp "$binary" README.md LICENSE "$packed"
"$binary" man --out "$packed/man" >/dev/null
mkdir "$packed/completions" dist 2>/dev/null || true
for shell in bash zsh fish; do
    "$binary" completions "$shell" > "$packed/completions/djbuild.$shell"
done
tar -czf "dist/djbuild-$target.tar.gz" --owner=0 --group=0 -C "$packed" .
ls -l "dist/djbuild-$target.tar.gz"
