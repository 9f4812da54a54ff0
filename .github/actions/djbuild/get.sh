#!/usr/bin/env bash
# Puts djbuild on PATH: a release, whose checksum is checked, or the source
# beside this file, compiled.
set -euo pipefail

folder="${RUNNER_TEMP:-/tmp}/djbuild"
mkdir -p "$folder"
echo "$folder" >> "${GITHUB_PATH:?only GitHub Actions sets this}"

if [ "$VERSION" = source ]; then
    root=$(cd "$(dirname "$0")/../../.." && pwd)
    cargo install --locked --path "$root" --root "$folder/cargo"
    ln -sf "$folder/cargo/bin/djbuild" "$folder/djbuild"
    exit 0
fi

case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) target=x86_64-unknown-linux-musl ;;
    Linux-aarch64) target=aarch64-unknown-linux-musl ;;
    *) echo "::error::no release of djbuild for $(uname -sm); use version: source" && exit 1 ;;
esac
base="https://github.com/$REPOSITORY/releases"
if [ "$VERSION" = latest ]; then base="$base/latest/download"; else base="$base/download/$VERSION"; fi
cd "$folder"
for file in "djbuild-$target.tar.gz" SHA256SUMS; do
    curl --fail --silent --show-error --location --retry 3 --output "$file" "$base/$file"
done
sha256sum --check --ignore-missing SHA256SUMS
tar -xzf "djbuild-$target.tar.gz"
