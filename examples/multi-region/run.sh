#!/bin/sh
# A gateway in us-east, and the simulated provider three times: once for each region. Its
# region is what region.sh ends and starts again. Ctrl-C ends everything.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
headgate=${HEADGATE_BIN:-$root/bin/headgate}
dir=${DIR:-.headgate/multi-region}
policy=${POLICY:-$here/policy.yaml}
admin=${ADMIN:-127.0.0.1:8081} ops=${OPS:-127.0.0.1:9090}

mkdir -p "$dir"
gateway=
trap 'trap "" INT TERM; kill $gateway 2>/dev/null || :; for region in us-east us-west eu; do sh "$here/region.sh" "$region" down; done; wait' EXIT
trap 'exit 0' INT TERM

for region in us-east us-west eu; do sh "$here/region.sh" "$region" up; done
"$headgate" run -f "$policy" --region us-east --data "$dir" --admin "$admin" --operations "$ops" & gateway=$!
wait "$gateway"
