package agent

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
)

// TestAPurgeIsDoneAndAnswered holds that a pair forgets what its control plane says, and says so
// once what it observes is as it is then; that news which are said again do not bring it back; and
// that a kind of a later version is neither done nor answered.
func TestAPurgeIsDoneAndAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := &pairpb.Outage{Backend: "a", Account: "1", Reason: "limited", LeftNanos: time.Hour.Nanoseconds()}
		f, p := &own{out: []Outage{{Backend: "a", Account: "1"}, {Backend: "b", Account: "2"}}}, &plane{welcome: &pairpb.Welcome{Version: 2}, reads: true, says: []*pairpb.LinkResponse{
			{Message: &pairpb.LinkResponse_Fleet{Fleet: &pairpb.Fleet{Elsewhere: []*pairpb.Outage{limited, {Backend: "a", Reason: "ejected"}}}}},
			{Message: &pairpb.LinkResponse_Purge{Purge: &pairpb.Purge{Number: 1}}},
			{Message: &pairpb.LinkResponse_Purge{Purge: &pairpb.Purge{Number: 2, What: &pairpb.Purge_Findings{Findings: &pairpb.Findings{Backend: "a"}}}}},
		}}
		linked(t, options{fleet: f}, p)
		time.Sleep(time.Second)
		synctest.Wait()
		p.mu.Lock()
		if len(p.purged) != 1 || p.purged[0].GetNumber() != 2 || p.purged[0].GetThings() != 1 || !slices.Equal(f.forgot, []string{"a"}) {
			t.Errorf("answered %v, forgot %q", p.purged, f.forgot)
		}
		if last := p.seen[len(p.seen)-1].GetOut(); len(last) != 1 || last[0].GetBackend() != "b" {
			t.Errorf("it observes %v", last)
		}
		p.mu.Unlock()
		time.Sleep(2 * completeAfter)
		synctest.Wait()
		if news := f.learnt(); len(news) != 2 || len(news[1].Elsewhere) != 1 || news[1].Elsewhere[0].Reason != "ejected" {
			t.Errorf("it learns %+v", news)
		}
	})
}

// TestEntriesArePurged holds that a pair forgets which entries its control plane says, all of them
// as it is linked, and answers only those that are waited for.
func TestEntriesArePurged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entries := func(number uint64, id string) *pairpb.LinkResponse {
			return &pairpb.LinkResponse{Message: &pairpb.LinkResponse_Purge{Purge: &pairpb.Purge{Number: number, What: &pairpb.Purge_Entries{Entries: &pairpb.Entries{Purge: id}}}}}
		}
		f, p := &own{}, &plane{welcome: &pairpb.Welcome{Version: 3}, reads: true}
		for range 2 * maxPurged {
			p.says = append(p.says, entries(0, "before"))
		}
		p.says = append(p.says, entries(1, "now"))
		linked(t, options{fleet: f}, p)
		time.Sleep(time.Second)
		synctest.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(f.purged) != 2*maxPurged+1 || f.purged[2*maxPurged].GetPurge() != "now" {
			t.Errorf("%d are purged", len(f.purged))
		}
		if len(p.purged) != 1 || p.purged[0].GetNumber() != 1 || p.purged[0].GetThings() != 3 {
			t.Errorf("answered %v", p.purged)
		}
	})
}
