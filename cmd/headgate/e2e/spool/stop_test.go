package spool

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy"
)

// running is a stream that is under way.
type running struct {
	mark   string
	way    gatewaytest.Way
	stream *gatewaytest.Stream
	begun  string // its first event
}

// TestAFullSpoolRefuses holds that with when_full: stop nothing is served that leaves no row,
// neither while the database is dead nor while the control plane is away: clients are refused in
// their dialect, streams that are under way end whole, it is seen everywhere, and with the
// database serving is back by itself, with one charge for each exchange.
func TestAFullSpoolRefuses(t *testing.T) {
	t.Parallel()
	r := startRig(t, "when_full: stop, spool: 16MiB")
	for i, outage := range []struct {
		name       string
		begin, end func()
	}{
		{"its database is dead", r.database.Kill, func() { r.database.Start(t) }},
		{"its control plane is away", r.fleet.XDS[0].Kill, func() { r.fleet.StartXDS(0) }},
	} {
		outage.begin()
		r.fill("a spool that is filling up", func() bool { return r.pair.Metric("headgate_spool_bytes") == 16<<20 })
		streams := r.open()
		r.fillUp()
		r.checkRefusals()
		r.checkSeen(i == 0, i+1, "requests are refused")
		if r.pair.Metric("headgate_streams_in_flight") == 0 {
			t.Error("no stream is under way any more: nothing was tested")
		}
		r.finish(streams)
		outage.end()
		r.await("answers", r.serves)
		if n := r.lost("opened") + r.lost("closed"); n != 0 {
			t.Errorf("%d records of exchanges that were served are lost", n)
		}
		r.judge(0)
		r.checkOver(i + 1)
		if t.Failed() {
			t.Fatalf("while %s", outage.name)
		}
	}
}

// serves reports whether clients are served in every way.
func (r *rig) serves() bool {
	for _, way := range gatewaytest.Ways {
		if a := r.ask(way, "chained"); a.Status != 200 {
			return false
		}
	}
	return true
}

// open opens streams that last.
func (r *rig) open() (all []running) {
	for _, way := range gatewaytest.Ways {
		if !way.Stream {
			continue
		}
		for _, model := range models {
			mark, request := r.request(way, model, "[[sim tokens=150 pause=100ms]]")
			s := r.pair.Stream(request)
			first, err := s.Next()
			if err != nil {
				r.t.Fatal(err)
			}
			all = append(all, running{mark, way, s, first})
		}
	}
	return all
}

// finish holds that streams end whole, which were under way until now.
func (r *rig) finish(streams []running) {
	r.t.Helper()
	for _, s := range streams {
		events := []string{s.begun}
		for {
			ev, err := s.stream.Next()
			if err != nil {
				break
			}
			events = append(events, ev)
		}
		a := gatewaytest.Answer{Status: s.stream.Response.StatusCode, Body: strings.Join(events, "\n\n")}
		r.note(s.mark, s.way, a)
		if !s.way.Ended(a) {
			r.t.Errorf("%s did not end whole: %s", s.mark, a.Body)
		}
	}
}

// checkRefusals holds what clients get who ask now.
func (r *rig) checkRefusals() {
	r.t.Helper()
	for _, way := range gatewaytest.Ways {
		for _, model := range models {
			a := r.ask(way, model)
			if a.Status != 503 || a.Header.Get("retry-after") != "10" || a.Header.Get(policy.RefusedByHeader) != "gateway" {
				r.t.Errorf("%s %s: status %d, headers %v: %s", way, model, a.Status, a.Header, a.Body)
				continue
			}
			kind := "server_error"
			if way.Claude() {
				kind = "overloaded_error"
			}
			gatewaytest.CheckRefusal(r.t, a, way.Claude(), kind, "journal_full")
		}
	}
}

// checkSeen holds that an outage is seen: by the pair's readiness, which it does not take away, by its
// metrics and once in its log, and by headgate status if there is a control plane.
func (r *rig) checkSeen(control bool, outages int, consequence string) {
	r.t.Helper()
	if status, text := r.pair.Readyz(); status != 200 || !strings.Contains(text, "the spool of rows cannot grow") || !strings.Contains(text, consequence) {
		r.t.Errorf("readiness: %d %s", status, text)
	}
	if n := r.said("the spool of rows cannot grow"); n != outages {
		r.t.Errorf("the log says %d times that the spool cannot grow, want %d", n, outages)
	}
	if control {
		r.await("the pair's trouble", func() bool { return strings.Contains(r.fleet.XDS[0].Status(), "the spool of rows cannot grow") })
		r.operator.Says(0, []string{"status"}, r.pair.Node, consequence)
	}
}

// checkOver holds that an outage is over everywhere.
func (r *rig) checkOver(outages int) {
	r.t.Helper()
	r.await("the end of the outage", func() bool { return !strings.Contains(r.fleet.XDS[0].Status(), "cannot grow") })
	if n := r.said("the spool of rows can grow again"); n != outages {
		r.t.Errorf("the log says %d times that the spool can grow again, want %d", n, outages)
	}
	if _, text := r.pair.Readyz(); strings.Contains(text, "cannot grow") {
		r.t.Errorf("readiness: %s", text)
	}
}
