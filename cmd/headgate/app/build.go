package app

import (
	"cmp"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Build is what a binary was built from.
type Build struct {
	Version string    `json:"version"`       // of a release, or "dev"
	Commit  string    `json:"commit"`        // in full; empty: it is not known
	Date    time.Time `json:"date,omitzero"` // of the commit; zero: it is not known
	Changed bool      `json:"changed"`       // the tree was not that of the commit
	Go      string    `json:"go"`            // such as go1.26.8
}

// ReadBuild returns what the linker was given, and what Go has noted in the binary of the rest.
func ReadBuild(version, commit, committed string) Build {
	b := Build{Version: version, Commit: commit}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	b.Go = info.GoVersion
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = cmp.Or(b.Commit, s.Value)
		case "vcs.time":
			committed = cmp.Or(committed, s.Value)
		case "vcs.modified":
			b.Changed = s.Value == "true"
		}
	}
	b.Date, _ = time.Parse(time.RFC3339, committed) // zero: it is not known
	return b
}

// String is one line for people.
func (b Build) String() string {
	text := b.Version
	if b.Commit != "" {
		text += ", commit " + b.Commit[:min(12, len(b.Commit))]
		if b.Changed {
			text += " with changes"
		}
		if !b.Date.IsZero() {
			text += " of " + b.Date.UTC().Format(time.RFC3339)
		}
	}
	return text + ", " + b.Go
}

// collector is a metric that says which build runs.
func (b Build) collector() prometheus.Collector {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "headgate_build_info", Help: "1. The labels say which build runs.",
	}, []string{"version", "commit", "go"})
	g.WithLabelValues(b.Version, b.Commit, b.Go).Set(1)
	return g
}
