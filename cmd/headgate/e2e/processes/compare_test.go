package processes

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// Shape of a comparison: rounds in turns at two gateways. A pair of rounds counts if the rest of
// the machine did little meanwhile.
const (
	comparedPairs    = 12
	comparedRequests = 5 // times speedRequests, of each round
	maxElsewhere     = 0.05
)

// side is one of two gateways that are compared.
type side struct {
	pair    *gatewaytest.Pair
	control *gatewaytest.Replica
	key     string // of its client
	store   int    // process of its balances; 0: there is none
}

// beside are the processes of a round that are not compared.
func (s *side) beside() []int {
	all := []int{os.Getpid()}
	if s.store != 0 {
		all = append(all, s.store)
	}
	return all
}

// meter measures what processes consume.
type meter struct{ b *testing.B }

// round is what one took: CPU for each request.
type round struct {
	pair, control time.Duration
	elsewhere     float64 // share of the machine that others used
}

// compare plays rounds in turns and reports the median of those that were quiet.
func compare(b *testing.B, with, without side, body string) {
	m := meter{b}
	var costs, bases, ratios, control []float64
	for i := range comparedPairs {
		order := []side{with, without}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		took := map[side]round{}
		for _, p := range order {
			took[p] = m.play(p, body)
		}
		w, wo := took[with], took[without]
		if w.elsewhere > maxElsewhere || wo.elsewhere > maxElsewhere {
			continue
		}
		costs, bases = append(costs, micros(w.pair)), append(bases, micros(wo.pair))
		ratios, control = append(ratios, float64(w.pair)/float64(wo.pair)), append(control, micros(w.control))
	}
	b.ReportMetric(float64(len(ratios)), "quiet-pairs")
	if len(ratios) > 0 {
		b.ReportMetric(median(costs), "us/request")
		b.ReportMetric(median(bases), "us/request-without")
		b.ReportMetric(median(ratios), "ratio")
		b.ReportMetric(median(control), "control-plane-us/request")
	}
}

// play sends a round to a pair, and waits until the journal has all of it.
func (m meter) play(s side, body string) round {
	pair, control, own, machine, began := m.cpu(s.pair.ExtProc.Pid(), s.pair.Envoy.Pid()), m.cpu(s.control.Pid()), m.cpu(s.beside()...), m.machine(), time.Now()
	for range comparedRequests {
		closedLoop(m.b, s.pair.URL, s.key, body)
	}
	s.pair.Eventually("an empty spool", func() bool { return s.pair.Metric("headgate_spool_backlog_bytes") == 0 })
	r := round{pair: m.cpu(s.pair.ExtProc.Pid(), s.pair.Envoy.Pid()) - pair, control: m.cpu(s.control.Pid()) - control}
	others := m.machine() - machine - r.pair - r.control - (m.cpu(s.beside()...) - own)
	r.elsewhere = float64(others) / float64(time.Since(began))
	const n = comparedRequests * speedRequests / speedClients * speedClients
	r.pair, r.control = r.pair/n, r.control/n
	return r
}

// tick is what the kernel counts CPU in.
const tick = 10 * time.Millisecond

// cpu is what processes have consumed.
func (m meter) cpu(pids ...int) (sum time.Duration) {
	for _, pid := range pids {
		_, after, _ := strings.Cut(m.read(fmt.Sprintf("/proc/%d/stat", pid)), ") ")
		sum += m.ticks(strings.Fields(after)[11:13])
	}
	return sum
}

// machine is what all processes have consumed.
func (m meter) machine() time.Duration {
	line, _, _ := strings.Cut(m.read("/proc/stat"), "\n")
	fields := strings.Fields(line)[1:] // user, nice, system, idle, iowait, irq, softirq, …
	return m.ticks(slices.Concat(fields[:3], fields[5:7]))
}

func (m meter) ticks(fields []string) (sum time.Duration) {
	for _, field := range fields {
		n, err := strconv.Atoi(field)
		if err != nil {
			m.b.Fatal(err)
		}
		sum += time.Duration(n) * tick
	}
	return sum
}

func (m meter) read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		m.b.Fatal(err)
	}
	return string(text)
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func median(all []float64) float64 {
	all = slices.Clone(all)
	slices.Sort(all)
	return all[len(all)/2]
}
