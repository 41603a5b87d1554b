#!/bin/sh
# The Envoy of a pair, which meets the ext_proc server (extproc.sh) on a Unix socket. Started
# beside one that runs, it takes the port while that one drains and ends. Ctrl-C ends it.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
headgate=${HEADGATE_BIN:-$root/bin/headgate}
envoy=${HEADGATE_ENVOY:-$root/.tools/envoy-1.40.0/envoy}
dir=${DIR:-.headgate/separate}

mkdir -p "$dir"
before=$(readlink "$dir/envoy.sock" || true) # the admin socket of the one that runs
own=envoy-$$.sock
"$headgate" envoy bootstrap --node pair-1 --socket "$dir/extproc.sock" --admin "$dir/$own" > "$dir/envoy-$$.json"
pids=
start() { "$@" & pids="$pids $!"; }
trap 'trap "" INT TERM; kill $pids 2>/dev/null || true; wait; rm -f "$dir/$own" "$dir/envoy-$$.json"' EXIT
trap 'exit 0' INT TERM

start "$envoy" -c "$dir/envoy-$$.json" --log-level warn --concurrency 2 --disable-hot-restart
serving=$!
if [ -n "$before" ]; then
  start "$headgate" envoy drain --admin "$dir/$before" --successor "$dir/$own"
  wait $!
fi
echo $$ > "$dir/envoy.pid"
ln -sfn "$own" "$dir/envoy.sock"
wait "$serving"
