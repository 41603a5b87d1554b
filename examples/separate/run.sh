#!/bin/sh
# Three processes as in a real deployment: a control plane (headgate xds), and one
# pair of an ext_proc server (headgate extproc) and a plain Envoy; beside them the
# simulated provider, so that no key is needed. Ctrl-C ends them all.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
headgate=${HEADGATE_BIN:-$root/bin/headgate}
envoy=${HEADGATE_ENVOY:-$root/.tools/envoy-1.40.0/envoy}
dir=${DIR:-.headgate/separate}
gateway=${GATEWAY:-127.0.0.1:8080} admin=${ADMIN:-127.0.0.1:8081} xds=${XDS:-127.0.0.1:18000}
sim=${SIM:-127.0.0.1:9100} pair_ops=${PAIR_OPS:-127.0.0.1:9090} xds_ops=${XDS_OPS:-127.0.0.1:9091}

mkdir -p "$dir"
[ -e "$dir/policy.yaml" ] || cp "$here/policy.yaml" "$dir/policy.yaml"
pids=
start() { "$@" & pids="$pids $!"; }
trap 'kill $pids 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM

start "$headgate" sim --keyless --listen "$sim"
start "$headgate" xds -f "$dir/policy.yaml" --listen "$xds" --admin "$admin" --operations "$xds_ops" \
  --sim "http://$sim/v1" --state "$dir/xds" --envoy-access-log /dev/null
start "$headgate" extproc --xds "$xds" --node pair-1 --listen "$gateway" --socket "$dir/extproc.sock" \
  --operations "$pair_ops" --state "$dir/pair-1" --access-log "$dir/access.jsonl"
"$headgate" envoy bootstrap --node pair-1 --socket "$dir/extproc.sock" > "$dir/envoy.json"
start "$envoy" -c "$dir/envoy.json" --log-level warn --concurrency 2 --use-dynamic-base-id

until curl -fs -o /dev/null "http://$gateway/v1/models"; do
  for pid in $pids; do kill -0 "$pid" 2>/dev/null || { echo "one of the processes ended, see above" >&2; exit 1; }; done
  sleep 0.1
done
echo "gateway http://$gateway/v1, policy $dir/policy.yaml, admin API http://$admin"
wait
