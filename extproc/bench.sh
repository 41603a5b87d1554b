#!/bin/sh
# Measures ext_proc against a server that answers CONTINUE to everything, in turns
# in the same run, with the driver that plays Envoy's half. HEADGATE_SHARED names
# the folder that holds bench/extprocload; without it this part is left out.
set -eu
root="$(cd "$(dirname "$0")/.." && pwd)"
shared="${HEADGATE_SHARED:-$root/../shared}"
bin="${HEADGATE_BIN:-$root/bin/headgate}"
rounds="${ROUNDS:-5}"
[ -d "$shared/bench/extprocload" ] || { echo "no driver below $shared/bench: left out"; exit 0; }

work="$(mktemp -d)"
pids=""
trap 'kill $pids 2>/dev/null || true; rm -rf "$work"' EXIT
cp -r "$shared/bench/extprocload" "$work/driver"
chmod -R u+w "$work/driver"
(cd "$work/driver" && go build -o "$work/extprocload" .)

cat > "$work/policy.yaml" <<'P'
version: 1
backends: {gpt: {provider: openai, credential: {env: BENCH_KEY}}}
models: {gpt-4o-mini: gpt/gpt-4o-mini}
P
cd "$work"
./extprocload -noop -listen unix:noop.sock -pprof 127.0.0.1:16061 >/dev/null 2>&1 &
noop=$!
BENCH_KEY=none "$bin" extproc -f policy.yaml --socket headgate.sock --operations 127.0.0.1:16062 --access-log access.jsonl >/dev/null 2>&1 &
headgate=$!
pids="$noop $headgate"
for s in noop.sock headgate.sock; do
  n=0
  until [ -S "$s" ]; do
    n=$((n + 1))
    [ "$n" -lt 100 ] || { echo "$s did not appear"; exit 1; }
    sleep 0.1
  done
done

drive() { # label, socket, pid, pprof port, further flags
  label="$1" socket="$2" pid="$3" port="$4"
  shift 4
  ./extprocload -target "unix:$socket" -pid "$pid" -heap-url "http://127.0.0.1:$port/debug/pprof/heap?debug=1" \
    -c 16,64 -runs 1 -json runs.jsonl -label "$label" "$@" >/dev/null
}
for _ in $(seq "$rounds"); do
  for scenario in small large sse; do
    case "$scenario" in
      small) count=6000 plain="" ;;
      large) count=4000 plain="" ;;
      sse) count=200 plain="-resp-body-mode STREAMED" ;;
    esac
    drive noop noop.sock "$noop" 16061 -scenario "$scenario" -count "$count" $plain
    drive headgate headgate.sock "$headgate" 16062 -scenario "$scenario" -count "$count"
    drive noop-two-levels noop.sock "$noop" 16061 -scenario "$scenario" -count "$count" $plain -upstream -upstream-phases reqhdr,resphdr
  done
done
./extprocload -report runs.jsonl -floor noop
