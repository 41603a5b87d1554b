#!/bin/sh
# The gateway of the stories, and the detector that two of its guards ask. Ctrl-C ends both.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
headgate=${HEADGATE_BIN:-$root/bin/headgate}

python3 "$here/detector.py" & detector=$!
gateway=
trap 'trap "" INT TERM; kill $gateway $detector 2>/dev/null || :; wait' EXIT
trap 'exit 0' INT TERM
"$headgate" run -f "$here/policy.yaml" --data .headgate/guards & gateway=$!
wait "$gateway"
