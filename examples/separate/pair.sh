#!/bin/sh
# One pair: an ext_proc server (headgate extproc) and a plain Envoy that share a Unix
# socket. It takes the policy from the control plane and keeps the last good one on its
# disk, so that it starts without the control plane, too. Ctrl-C ends both.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
headgate=${HEADGATE_BIN:-$root/bin/headgate}
envoy=${HEADGATE_ENVOY:-$root/.tools/envoy-1.40.0/envoy}
dir=${DIR:-.headgate/separate}
gateway=${GATEWAY:-127.0.0.1:8080} xds=${XDS:-127.0.0.1:18000} ops=${PAIR_OPS:-127.0.0.1:9090}

mkdir -p "$dir"
echo $$ > "$dir/pair.pid"
pids=
start() { "$@" & pids="$pids $!"; }
trap 'trap "" INT TERM; kill $pids 2>/dev/null; wait; rm -f "$dir/pair.pid"' EXIT
trap 'exit 0' INT TERM

start "$headgate" extproc --xds "$xds" --node pair-1 --listen "$gateway" --socket "$dir/extproc.sock" \
  --operations "$ops" --own-calls "$dir/own.sock" --state "$dir/pair-1" --access-log "$dir/access.jsonl"
"$headgate" envoy bootstrap --node pair-1 --socket "$dir/extproc.sock" > "$dir/envoy.json"
start "$envoy" -c "$dir/envoy.json" --log-level warn --concurrency 2 --use-dynamic-base-id

# Neither serves without the other: when one ends, this ends, and a supervisor may start it again.
while :; do
  for pid in $pids; do kill -0 "$pid" 2>/dev/null || exit 1; done
  sleep 1 & wait $!
done
