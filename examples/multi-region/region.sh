#!/bin/sh
# region.sh us-east|us-west|eu up|down: starts the simulated provider of a region, or ends it.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
headgate=${HEADGATE_BIN:-$root/bin/headgate}
dir=${DIR:-.headgate/multi-region}
region=$1

case $region in
us-east) at=${US_EAST:-127.0.0.1:9101} ;;
us-west) at=${US_WEST:-127.0.0.1:9102} ;;
eu) at=${EU:-127.0.0.1:9103} ;;
*) echo "the regions are us-east, us-west and eu" >&2; exit 2 ;;
esac

mkdir -p "$dir"
pid=$dir/$region.pid
case ${2:-} in
up)
  [ ! -e "$pid" ] || ! kill -0 "$(cat "$pid")" 2>/dev/null || { echo "$region is up" >&2; exit 1; }
  "$headgate" sim --keyless --listen "$at" > "$dir/$region.log" 2>&1 &
  echo $! > "$pid"
  until curl -fs -o /dev/null "http://$at/sim/healthz"; do kill -0 "$(cat "$pid")"; sleep 0.1; done
  ;;
down)
  [ ! -e "$pid" ] || { kill -9 "$(cat "$pid")" 2>/dev/null || true; rm -f "$pid"; }
  while curl -fs -o /dev/null "http://$at/sim/healthz"; do sleep 0.1; done
  ;;
*) echo "say up or down" >&2; exit 2 ;;
esac
