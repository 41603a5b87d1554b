#!/bin/sh
# The ext_proc server of a pair (headgate extproc). It takes the policy from the control plane
# and keeps the last good one on its disk, so that it starts without the control plane, too.
# Started beside one that runs, it takes over from that. Ctrl-C ends it.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
headgate=${HEADGATE_BIN:-$root/bin/headgate}
dir=${DIR:-.headgate/separate}
gateway=${GATEWAY:-127.0.0.1:8080} xds=${XDS:-127.0.0.1:18000} ops=${PAIR_OPS:-127.0.0.1:9090}

mkdir -p "$dir"
echo $$ > "$dir/extproc.pid"
exec "$headgate" extproc --xds "$xds" --xds-token-file "$dir/xds/xds.token" --node pair-1 --listen "$gateway" --share-port --socket "$dir/extproc.sock" \
  --operations "$ops" --own-calls "$dir/own.sock" --envoy-admin "$dir/envoy.sock" --state "$dir/pair-1" --access-log "$dir/access.jsonl"
