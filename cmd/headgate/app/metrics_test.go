package app

import (
	"context"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/agent"
	"github.com/headgate/headgate/xds/balance"
	"github.com/headgate/headgate/xds/health"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/pair"
	"github.com/headgate/headgate/xds/signal"
	"github.com/headgate/headgate/xds/store"
)

// registered is a registry that notes each metric as name{label,label}.
type registered struct {
	*prometheus.Registry
	metrics map[string]bool
}

func newRegistered() *registered { return &registered{prometheus.NewRegistry(), map[string]bool{}} }

var descWords = regexp.MustCompile(`fqName: "(\w+)".*variableLabels: \{([\w,]*)\}`)

// MustRegister implements prometheus.Registerer.
func (r *registered) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		descs := make(chan *prometheus.Desc, 10)
		c.Describe(descs)
		close(descs)
		for d := range descs {
			words := descWords.FindStringSubmatch(d.String())
			name := words[1]
			if words[2] != "" {
				name += "{" + words[2] + "}"
			}
			r.metrics[name] = true
		}
	}
	r.Registry.MustRegister(all...)
}

// documented are the metrics of one table of xds/README.md, which follows a line.
func documented(t *testing.T, heading string) []string {
	t.Helper()
	text, err := os.ReadFile("../../../xds/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n"+heading+"\n\n| name | what |\n|---|---|\n")
	if !found {
		t.Fatalf("xds/README.md has no table of metrics after %q", heading)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var names []string
	for row := range strings.Lines(table) {
		names = append(names, strings.Split(row, "`")[1])
	}
	slices.Sort(names)
	return names
}

// TestMetricsOfTheControlPlane holds that xds/README.md lists what the control plane
// registers, with its labels, and nothing else.
func TestMetricsOfTheControlPlane(t *testing.T) {
	path, reg := policyFile(t, firstPolicy), newRegistered()
	s, err := source.Open(source.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	server := xds.New(xds.Options{Token: path, Now: time.Now}, reg, zap.NewNop())
	t.Cleanup(server.Stop)
	newPublisher(s, server, controlOptions{path: path, ops: &operations{}, reg: reg, log: zap.NewNop()})
	health.New(health.Options{}, reg, zap.NewNop())
	pair.New(pair.Options{}, reg)
	signal.New(time.Now, reg, zap.NewNop())
	balance.New(balance.Options{}, reg)
	journal.New(store.New(reg, zap.NewNop()), reg, zap.NewNop())
	got := slices.Sorted(maps.Keys(reg.metrics))
	if diff := cmp.Diff(documented(t, "Of the control plane:"), got); diff != "" {
		t.Errorf("metrics (-documented +registered):\n%s", diff)
	}
}

// TestMetricsOfAPair holds that xds/README.md lists what a pair's agent registers, and
// nothing that a pair does not register.
func TestMetricsOfAPair(t *testing.T) {
	var l lifecycle
	reg, path := newRegistered(), policyFile(t, firstPolicy)
	a, err := agent.New(agent.Options{Addresses: []string{"127.0.0.1:1"}, Apply: (&dataPlane{}).apply, Log: zap.NewNop()}, reg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Stop)
	names := documented(t, "Of a pair:")
	for name := range reg.metrics {
		if !slices.Contains(names, name) {
			t.Errorf("%s is registered, but not documented", name)
		}
	}
	d, err := newDataPlane(&l, dataOptions{records: recordsTo{path: "-", stdout: io.Discard}, spool: t.TempDir()}, reg, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.stop(context.Background()) })
	watchOutages(&l, "/nobody.sock", reg, zap.NewNop())
	if _, err := newStatic(path, loaded(t, path), d, &operations{}, reg, zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !reg.metrics[name] {
			t.Errorf("%s is documented, but not registered", name)
		}
	}
}
