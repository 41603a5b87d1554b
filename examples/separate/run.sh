#!/bin/sh
# Three processes as in a real deployment: a control plane (headgate xds), and one
# pair of an ext_proc server (extproc.sh) and an Envoy (envoy.sh); beside them the simulated
# provider, so that no key is needed. Ctrl-C ends them all, but none that was started elsewhere.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
headgate=${HEADGATE_BIN:-$root/bin/headgate}
dir=${DIR:-.headgate/separate}
gateway=${GATEWAY:-127.0.0.1:8080} admin=${ADMIN:-127.0.0.1:8081} xds=${XDS:-127.0.0.1:18000}
sim=${SIM:-127.0.0.1:9100} ops=${XDS_OPS:-127.0.0.1:9091}

mkdir -p "$dir"
[ -e "$dir/policy.yaml" ] || cp "$here/policy.yaml" "$dir/policy.yaml"
pids=
start() { "$@" & pids="$pids $!"; }
trap 'trap "" INT TERM; kill $pids 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM

# await URL: until it answers, if only that it wants a key, or a process has ended.
await() {
  until curl -s -o /dev/null -w '%{http_code}' "$1" | grep -Eqx '200|401'; do
    for pid in $pids; do kill -0 "$pid" 2>/dev/null || { echo "one of the processes ended, see above" >&2; exit 1; }; done
    sleep 0.1
  done
}

start "$headgate" sim --keyless --listen "$sim"
start "$headgate" xds -f "$dir/policy.yaml" --listen "$xds" --admin "$admin" --operations "$ops" \
  --sim "http://$sim/v1" --state "$dir/xds" --envoy-access-log /dev/null
await "http://$ops/readyz" # a pair may start first, too: it then says in its log that it waits
start sh "$here/extproc.sh"
start sh "$here/envoy.sh"
await "http://$gateway/v1/models"
echo "gateway http://$gateway/v1, policy $dir/policy.yaml, admin API http://$admin"
wait
