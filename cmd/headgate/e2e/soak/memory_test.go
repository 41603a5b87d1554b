package soak

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// process is one that is looked at.
type process struct {
	name   string
	pid    int
	metric func(series string) float64 // nil: it is no process of Headgate's
}

func processesOf(f *gatewaytest.Fleet) []process {
	pair, control := f.Pairs[0], f.XDS[0]
	return []process{
		{"ext_proc", pair.ExtProc.Pid(), pair.Metric},
		{"control plane", control.Pid(), control.Metric},
		{"Envoy", pair.Envoy.Pid(), nil},
	}
}

// gauge is a number of a process that must stay flat.
type gauge struct {
	name  string
	unit  float64 // in which it is printed
	slack float64 // by which it may grow beside the share that all may
	read  func(process) (float64, error)
}

// gauges are what is looked at. What is alive on Go's heap is the size at which the next collection
// begins, which is a multiple of it.
var gauges = []gauge{
	{"RSS MiB", 1 << 20, 16 << 20, func(p process) (float64, error) { return resident(p.pid) }},
	{"heap MiB", 1 << 20, 16 << 20, func(p process) (float64, error) { return p.value("go_memstats_next_gc_bytes") }},
	{"goroutines", 1, 50, func(p process) (float64, error) { return p.value("go_goroutines") }},
	{"descriptors", 1, 50, func(p process) (float64, error) { return descriptors(p.pid) }},
}

// value is a metric of a process; 0: it has none.
func (p process) value(series string) (float64, error) {
	if p.metric == nil {
		return 0, nil
	}
	return p.metric(series), nil
}

// resident is the memory of a process that is in use, in bytes.
func resident(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == "VmRSS:" {
			kib, err := strconv.ParseFloat(words[1], 64)
			return kib * 1024, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no VmRSS", pid)
}

func descriptors(pid int) (float64, error) {
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return float64(len(all)), err
}

// watch looks at processes.
type watch struct {
	processes []process
	samples   [][]float64 // by process and gauge
}

// look adds a sample of each.
func (w *watch) look(t *testing.T) {
	t.Helper()
	if w.samples == nil {
		w.samples = make([][]float64, len(w.processes)*len(gauges))
	}
	var line strings.Builder
	for i, p := range w.processes {
		fmt.Fprintf(&line, "%s:", p.name)
		for k, g := range gauges {
			v, err := g.read(p)
			if err != nil {
				t.Fatalf("%s of %s: %v", g.name, p.name, err)
			}
			at := i*len(gauges) + k
			w.samples[at] = append(w.samples[at], v)
			if v > 0 {
				fmt.Fprintf(&line, " %.0f %s", v/g.unit, g.name)
			}
		}
		line.WriteString("; ")
	}
	if len(w.samples[0])%6 == 1 {
		t.Log(strings.TrimSuffix(line.String(), "; "))
	}
}

// report prints what each number was in the quarters of the time.
func (w *watch) report(t *testing.T) {
	t.Helper()
	for i, p := range w.processes {
		for k, g := range gauges {
			s := w.samples[i*len(gauges)+k]
			if slices.Max(s) > 0 {
				t.Logf("%s, %s: medians of the quarters %.0f, %.0f, %.0f, %.0f; most %.0f", p.name, g.name,
					quarter(s, 0)/g.unit, quarter(s, 1)/g.unit, quarter(s, 2)/g.unit, quarter(s, 3)/g.unit, slices.Max(s)/g.unit)
			}
		}
	}
}

// faults are the numbers that have grown.
func (w *watch) faults() (faults []string) {
	for i, p := range w.processes {
		for k, g := range gauges {
			if s := w.samples[i*len(gauges)+k]; !flat(s, g.slack) {
				faults = append(faults, fmt.Sprintf("%s of %s grew from %.0f to %.0f", g.name, p.name, quarter(s, 1)/g.unit, quarter(s, 3)/g.unit))
			}
		}
	}
	return faults
}

// flat reports whether a number has stopped to grow: the median of the last quarter of its samples
// is at most a tenth and the slack above that of the second. The first is the warm-up.
func flat(samples []float64, slack float64) bool {
	return quarter(samples, 3) <= 1.1*quarter(samples, 1)+slack
}

// quarter is the median of a quarter of samples, from 0 to 3.
func quarter(samples []float64, n int) float64 {
	part := slices.Clone(samples[len(samples)*n/4 : max(len(samples)*(n+1)/4, len(samples)*n/4+1)])
	slices.Sort(part)
	return part[len(part)/2]
}

// TestFlatIsWhatDoesNotGrow holds that a leak is found, and that noise and a warm-up are none.
func TestFlatIsWhatDoesNotGrow(t *testing.T) {
	t.Parallel()
	series := func(f func(i int) float64) (all []float64) {
		for i := range 120 {
			all = append(all, f(i))
		}
		return all
	}
	for _, c := range []struct {
		name    string
		samples []float64
		want    bool
	}{
		{"steady", series(func(int) float64 { return 100 }), true},
		{"warms up in the first quarter", series(func(i int) float64 { return min(100, 10+3*float64(i)) }), true},
		{"goes up and down", series(func(i int) float64 { return 100 + 40*float64(i%4) }), true},
		{"one look far above", series(func(i int) float64 { return 100 + map[bool]float64{true: 1000}[i == 110] }), true},
		{"leaks slowly", series(func(i int) float64 { return 100 + 0.5*float64(i) }), false},
		{"leaks in steps", series(func(i int) float64 { return 100 * float64(1+i/60) }), false},
	} {
		if got := flat(c.samples, 10); got != c.want {
			t.Errorf("%s: flat is %t", c.name, got)
		}
	}
}
