#!/bin/sh
# What the simulated provider has billed, and what the journal says, as one control plane
# reads it. The provider remembers 4096 answers.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
headgate=${HEADGATE_BIN:-$root/bin/headgate}
sim=${SIM:-127.0.0.1:9100} admin=${1:-${ADMIN1:-127.0.0.1:8081}}

journal=$("$headgate" cost --admin "$admin" --since 24h -o json)
curl -fs "http://$sim/sim/log" | python3 -c '
import json, sys
billed = [json.loads(line)["usage"] for line in sys.stdin]
total = json.loads(sys.argv[1])["total"]
buckets = list(total["tokens"])
print("%-16s%12s%12s" % ("", "provider", "journal"))
for b in buckets:
    provider, journal = sum(u[b] for u in billed), total["tokens"][b]
    if provider or journal:
        print("%-16s%12d%12d%s" % (b, provider, journal, "" if provider == journal else "  differs"))
print("%d of the answers in the journal are estimated" % total["estimated"])
' "$journal"
