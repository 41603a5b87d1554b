package main

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/xds/console/purges"
	"github.com/headgate/headgate/xds/pair"
	"github.com/headgate/headgate/xds/purge"
)

// pairsOfRig note what they are to forget, and answer as the test says.
type pairsOfRig struct {
	asked  []purge.Selection
	answer pair.Forgotten
}

func (p *pairsOfRig) Purge(of purge.Purge) func(context.Context) pair.Forgotten {
	p.asked = append(p.asked, of.Selection)
	return func(context.Context) pair.Forgotten { return p.answer }
}

func newPurgeRig(t *testing.T, answer pair.Forgotten) (*adminRig, *pairsOfRig) {
	t.Helper()
	r, p := newKeyRig(t), &pairsOfRig{answer: answer}
	r.purged = p
	r.serve(r.policies)
	return r, p
}

const oneEntry, otherEntry = "01JZ8Q4C7T3V5W6X7Y8Z9A0B1C", "01JZ8Q4C7T3V5W6X7Y8Z9A0B1D"

var purgeIDs = regexp.MustCompile(`\b01[0-9A-Z]{24}\b`)

// TestPurgeCommands holds what a person sees of purges that are made, listed and audited.
func TestPurgeCommands(t *testing.T) {
	r, pairs := newPurgeRig(t, pair.Forgotten{Pairs: 2, Things: 1})
	for _, c := range []struct {
		line   string
		answer string
		want   purge.Selection
	}{
		{"purge --caller ci --team red --model m --prompt p --tag a --id " + oneEntry + " --id " + otherEntry, "",
			purge.Selection{IDs: []string{oneEntry, otherEntry}, Caller: "ci", Team: "red", Model: "m", Prompt: "p", Tag: "a"}},
		{"evict " + oneEntry + " --reason wrong", "", purge.Selection{IDs: []string{oneEntry}}},
		{"purge --all -y", "", purge.Selection{All: true}},
		{"purge --all", "Yes\n", purge.Selection{All: true}},
	} {
		r.answer = c.answer
		got := r.run(append([]string{"cache"}, strings.Fields(c.line)...)...)
		if text := purgeIDs.ReplaceAllString(got.out, "ID"); got.code != 0 || text != "purge ID is in effect at 2 of 2 pairs, which had 1 entry in memory\n" {
			t.Errorf("%s: %+v", c.line, got)
		}
		if last := pairs.asked[len(pairs.asked)-1]; last.String() != c.want.String() {
			t.Errorf("%s purges %v", c.line, last)
		}
	}
	r.run("cache", "evict", oneEntry, "--reason", "wrong")
	list := purgeIDs.ReplaceAllString(steady(r.run("cache", "purges").out), "ID")
	if want := "ID AT OF BY UNTIL REASON ID TIME ids ID ann TIME wrong ID TIME all ann TIME -"; strings.Join(strings.Fields(list), " ") != want {
		t.Errorf("listed:\n%s", list)
	}
	if audit := r.run("audit", "--action", "cache.purge").out; strings.Count(audit, "ann") != 5 || strings.Count(audit, "cache: caller ci, team red, model m, prompt p, tag a, ids "+oneEntry) != 1 {
		t.Errorf("audited:\n%s", audit)
	}
	var all purges.List
	if err := json.Unmarshal([]byte(r.run("cache", "purges", "-o", "json").out), &all); err != nil || len(all.Purges) != 2 || all.Purges[0].IDs[0] != oneEntry {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestSilentPairsAreNamed holds what is printed of pairs that have not said that they have
// forgotten, by which the command fails, and of those of other control planes.
func TestSilentPairsAreNamed(t *testing.T) {
	r, _ := newPurgeRig(t, pair.Forgotten{Pairs: 1, Silent: []string{"n1", "n2"}, Elsewhere: 1})
	got := r.run("cache", "purge", "--model", "m")
	want := "purge ID is in effect at 1 of 3 pairs, which had 0 entries in memory\n" +
		"n1, n2 did not say so: of a version before, or not in time\n" +
		"1 pair of other control planes will hear of it within a second\n"
	if text := purgeIDs.ReplaceAllString(got.out, "ID"); got.code != 1 || text != want || got.err != "" {
		t.Errorf("%+v", got)
	}
	var m purges.Made
	got = r.run("cache", "purge", "--model", "m", "-o", "json")
	if err := json.Unmarshal([]byte(got.out), &m); err != nil || got.code != 1 || m.Pairs != 1 || len(m.Silent) != 2 || m.Elsewhere != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestWhatIsNotPurged holds that nothing is purged without a word of what, everything only if it
// is confirmed, and which exit code says so.
func TestWhatIsNotPurged(t *testing.T) {
	r, pairs := newPurgeRig(t, pair.Forgotten{})
	for _, c := range []struct {
		line   string
		answer string
		code   int
		says   string
	}{
		{"purge", "", 2, "or --all"},
		{"purge --all --model m", "", 2, "nothing else"},
		{"purge --all", "", 1, "say -y"},
		{"purge --all", "n\n", 1, "say -y"},
		{"purge m", "", 2, "unknown command"},
		{"evict", "", 2, "arg"},
		{"evict one", "", 1, "ids[0]"},
		{"purge --tag a\tb", "", 1, "tag: "},
	} {
		r.answer = c.answer
		if got := r.run(append([]string{"cache"}, strings.Split(c.line, " ")...)...); got.code != c.code || !strings.Contains(got.err, c.says) {
			t.Errorf("%s: %+v", c.line, got)
		}
	}
	if len(pairs.asked) != 0 {
		t.Errorf("%v is purged", pairs.asked)
	}
}
