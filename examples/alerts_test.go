package examples

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/cmd/headgate/reference"
)

// alertFile is a file of rules as Prometheus reads it.
type alertFile struct {
	Groups []struct {
		Name  string
		Rules []alertRule
	}
}

type alertRule struct {
	Alert       string
	Expr        string
	For         string
	Labels      struct{ Severity string }
	Annotations struct{ Summary, Runbook string }
}

// TestAlertsNameWhatExists holds that the rules can be read, and that their metrics, labels and
// sections of the runbook are there.
func TestAlertsNameWhatExists(t *testing.T) {
	t.Parallel()
	runbook, err := os.ReadFile("../cmd/headgate/reference/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	labels := metricLabels(t)
	names := map[string]bool{}
	for _, r := range readAlerts(t) {
		if names[r.Alert] || r.Summary() == "" || r.Labels.Severity != "page" && r.Labels.Severity != "ticket" {
			t.Errorf("%s: a name of its own, a summary and a severity are needed", r.Alert)
		}
		names[r.Alert] = true
		if !strings.Contains(string(runbook), "\n## "+r.Annotations.Runbook+"\n") {
			t.Errorf("%s: the runbook has no section %q", r.Alert, r.Annotations.Runbook)
		}
		used := checkExpr(t, r, labels)
		for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(r.Summary(), -1) {
			if m[1] != "instance" && !slices.Contains(used, m[1]) {
				t.Errorf("%s: no metric of it has the label %s", r.Alert, m[1])
			}
		}
	}
	if len(names) < 20 {
		t.Errorf("only %d alerts were found", len(names))
	}
}

// Summary is the text of an alert.
func (r *alertRule) Summary() string { return r.Annotations.Summary }

func readAlerts(t *testing.T) (all []alertRule) {
	t.Helper()
	file, err := os.Open("alerts/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var f alertFile
	d := yaml.NewDecoder(file)
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		t.Fatal(err)
	}
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// metricLabels are the labels of each metric, and of the series of a histogram.
func metricLabels(t *testing.T) map[string][]string {
	t.Helper()
	metrics, err := reference.Metrics("..")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, m := range metrics {
		all[m.Name] = m.Labels
		if m.Kind == "histogram" {
			all[m.Name+"_bucket"] = append(slices.Clone(m.Labels), "le")
			all[m.Name+"_sum"], all[m.Name+"_count"] = m.Labels, m.Labels
		}
	}
	return all
}

// checkExpr holds an expression's metrics, filters and groups against those that exist, and returns
// the labels that its series have.
func checkExpr(t *testing.T, r alertRule, labels map[string][]string) (used []string) {
	t.Helper()
	expr, err := metricsql.Parse(r.Expr)
	if err != nil {
		t.Errorf("%s: %v", r.Alert, err)
		return nil
	}
	var groups []string
	metricsql.VisitAll(expr, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.MetricExpr:
			used = append(used, checkMetric(t, r, e, labels)...)
		case *metricsql.AggrFuncExpr:
			groups = append(groups, e.Modifier.Args...)
		case *metricsql.FuncExpr:
			if e.Name == "rate" || e.Name == "increase" {
				checkWindow(t, r, e)
			}
		}
	})
	for _, g := range groups {
		if !slices.Contains(used, g) {
			t.Errorf("%s: no metric of it has the label %s", r.Alert, g)
		}
	}
	return used
}

// checkMetric holds that a metric, and the labels by which it is chosen, exist.
func checkMetric(t *testing.T, r alertRule, e *metricsql.MetricExpr, labels map[string][]string) []string {
	t.Helper()
	var name string
	var chosen []string
	for _, filters := range e.LabelFilterss {
		for _, f := range filters {
			if f.Label == "__name__" {
				name = f.Value
			} else {
				chosen = append(chosen, f.Label)
			}
		}
	}
	all, ok := labels[name]
	if !ok {
		t.Errorf("%s: no metric is called %q", r.Alert, name)
	}
	for _, l := range chosen {
		if !slices.Contains(all, l) {
			t.Errorf("%s: %s has no label %s", r.Alert, name, l)
		}
	}
	return all
}

// checkWindow holds that a rate says over how long, without which Prometheus takes none.
func checkWindow(t *testing.T, r alertRule, e *metricsql.FuncExpr) {
	t.Helper()
	for _, a := range e.Args {
		if window, ok := a.(*metricsql.RollupExpr); !ok || window.Window == nil {
			t.Errorf("%s: %s has no window", r.Alert, e.Name)
		}
	}
}
