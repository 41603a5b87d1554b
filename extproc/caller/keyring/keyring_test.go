package keyring

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/extproc/caller"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/policy/pairpb"
)

var _ caller.Managed = (*Ring)(nil)

var (
	noon   = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	pepper = keyform.NewPepper()
	hasher = keyform.NewHasher(pepper)
)

// made is a key as the control plane says it, and its texts, which end at those times.
func made(name string, until ...time.Time) (m *pairpb.Key, texts []string) {
	m = &pairpb.Key{Id: keyform.NewID(), Name: name}
	for _, end := range until {
		text := keyform.New(m.Id)
		sum := hasher.Hash([]byte(text))
		h := &pairpb.KeyHash{Hash: sum[:]}
		if !end.IsZero() {
			h.Until = end.UnixNano()
		}
		m.Hashes, texts = append(m.Hashes, h), append(texts, text)
	}
	return m, texts
}

func newRing() *Ring { return New(prometheus.NewRegistry()) }

func whole(version int64, keys ...*pairpb.Key) *pairpb.Keys {
	return &pairpb.Keys{Pepper: pepper, Version: version, Whole: true, Keys: keys}
}

// finds holds whose key a text is; empty: nobody's.
func finds(t *testing.T, r *Ring, text string, at time.Time, want string) {
	t.Helper()
	got := ""
	if who := r.Find([]byte(text), at); who != nil {
		got = who.Name
	}
	if got != want {
		t.Errorf("the key is that of %q, want %q", got, want)
	}
}

// TestWhoseKeyATextIs holds that every part of a key counts, and each text to its end.
func TestWhoseKeyATextIs(t *testing.T) {
	t.Parallel()
	ci, texts := made("ci", time.Time{}, noon.Add(time.Hour))
	app, ofApp := made("app", time.Time{})
	app.Expires = noon.Add(time.Minute).UnixNano()
	r := newRing()
	r.Take(whole(1, ci, app))
	finds(t, r, texts[0], noon.AddDate(50, 0, 0), "ci")
	finds(t, r, texts[1], noon.Add(time.Hour-1), "ci")
	finds(t, r, texts[1], noon.Add(time.Hour), "")
	finds(t, r, ofApp[0], noon.Add(time.Minute-1), "app")
	finds(t, r, ofApp[0], noon.Add(time.Minute), "")
	id, secret := ci.Id, ofApp[0][len(keyform.Prefix)+keyform.IDLength:]
	for _, wrong := range []string{
		"", "x", keyform.Prefix, id, keyform.New(id), keyform.New(keyform.NewID()), keyform.Prefix + id + secret, keyform.Mask(id),
		texts[0] + "x", texts[0][1:], strings.ToUpper(texts[0]), strings.Repeat("\x00", len(texts[0])),
	} {
		finds(t, r, wrong, noon, "")
	}
}

// TestWhatIsKnownOfACaller holds that all attributes arrive.
func TestWhatIsKnownOfACaller(t *testing.T) {
	t.Parallel()
	m, texts := made("ci", time.Time{})
	m.User, m.Team, m.Tier, m.Models, m.Tags = "ann", "search", "pro", []string{"b", "a"}, []string{"nightly"}
	m.Rpm, m.Tpm, m.NanoUsdPerDay, m.NanoUsdPerMonth, m.Shadow = 1, 2, 3, 4, true
	r := newRing()
	r.Take(whole(1, m))
	want := &exchange.Caller{
		Name: "ci", User: "ann", Team: "search", Tier: "pro", Models: []string{"a", "b"}, Tags: []string{"nightly"},
		Quota: exchange.Quota{RPM: 1, TPM: 2, PerDay: 3, PerMonth: 4, Shadow: true},
	}
	if diff := cmp.Diff(want, r.Find([]byte(texts[0]), noon)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, r.Caller(m.Id)); diff != "" || r.Caller(m.Id[1:]) != nil || r.Caller(keyform.NewID()) != nil {
		t.Error("by its id:", diff)
	}
	if other, texts := made("all", time.Time{}); true {
		r.Take(&pairpb.Keys{Pepper: pepper, Version: 2, Keys: []*pairpb.Key{other}})
		if who := r.Find([]byte(texts[0]), noon); who == nil || who.Models != nil {
			t.Errorf("a key of all models is %+v", who)
		}
	}
}

// TestWhatIsTakenIn holds what whole sets and changes leave.
func TestWhatIsTakenIn(t *testing.T) {
	t.Parallel()
	a, ofA := made("a", time.Time{})
	b, ofB := made("b", time.Time{})
	c, ofC := made("c", time.Time{})
	r := newRing()
	state := func(step string, version int64, want ...string) {
		t.Helper()
		var got []string
		for _, text := range []string{ofA[0], ofB[0], ofC[0]} {
			if who := r.Find([]byte(text), noon); who != nil {
				got = append(got, who.Name)
			}
		}
		if r.Have().GetVersion() != version || !slices.Equal(got, want) || r.Known() && r.number() != float64(len(want)) {
			t.Errorf("%s: version %d of %v (%v), want %d of %v", step, r.Have().GetVersion(), got, r.number(), version, want)
		}
	}
	r.Take(&pairpb.Keys{Pepper: pepper, Version: 1, Keys: []*pairpb.Key{a}})
	if state("changes of nothing", 0); r.Known() || r.number() != -1 || r.All() != nil {
		t.Error("something is known")
	}
	r.Take(whole(1))
	if state("none", 1); !r.Known() {
		t.Error("that there are none is not known")
	}
	r.Take(whole(2, a, b))
	state("whole", 2, "a", "b")
	r.Take(&pairpb.Keys{Pepper: pepper, Version: 3, Keys: []*pairpb.Key{c}, Gone: []string{a.Id, "", keyform.NewID()}})
	state("changes", 3, "b", "c")
	changed := proto.CloneOf(b)
	changed.Name = "b2"
	r.Take(&pairpb.Keys{Pepper: pepper, Version: 4, Keys: []*pairpb.Key{changed}})
	state("changed", 4, "b2", "c")
	r.Take(&pairpb.Keys{Pepper: keyform.NewPepper(), Version: 9, Gone: []string{c.Id}})
	state("of another installation", 4, "b2", "c")
	kept := newRing()
	kept.Take(r.All())
	r = kept
	state("kept", 4, "b2", "c")
	r.Take(&pairpb.Keys{Pepper: keyform.NewPepper(), Version: 1, Whole: true, Keys: []*pairpb.Key{a}})
	finds(t, r, ofA[0], noon, "") // its hash is under the other pepper
	if r.Have().GetVersion() != 1 || r.number() != 1 {
		t.Errorf("of another installation there is %v", r.Have())
	}
}

// TestWhatCannotBeAKey holds that what is damaged is nobody's key, and stops no other.
func TestWhatCannotBeAKey(t *testing.T) {
	t.Parallel()
	good, texts := made("good", time.Time{})
	short, ofShort := made("short", time.Time{})
	short.Hashes[0].Hash = short.Hashes[0].Hash[:31]
	without, ofWithout := made("without")
	r := newRing()
	r.Take(whole(1, good, short, without, &pairpb.Key{Name: "nothing", Hashes: []*pairpb.KeyHash{{}}}, &pairpb.Key{Id: good.Id + "x", Name: "long", Hashes: good.Hashes}))
	finds(t, r, texts[0], noon, "good")
	for _, text := range append(append(ofShort, ofWithout...), "", keyform.New(without.Id)) {
		finds(t, r, text, noon, "")
	}
}

// TestKeysChangeWhileTheyAreAsked holds that one that stays is found all the time.
func TestKeysChangeWhileTheyAreAsked(t *testing.T) {
	t.Parallel()
	stays, texts := made("stays", time.Time{})
	comes, _ := made("comes", time.Time{})
	r := newRing()
	r.Take(whole(1, stays))
	var asking sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		asking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					finds(t, r, texts[0], noon, "stays")
				}
			}
		})
	}
	for version := range int64(200) {
		r.Take(whole(version, stays))
		r.Take(&pairpb.Keys{Pepper: pepper, Version: version, Keys: []*pairpb.Key{comes}})
		r.Take(&pairpb.Keys{Pepper: pepper, Version: version, Gone: []string{comes.Id}})
		r.All()
	}
	close(done)
	asking.Wait()
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1, 100_000} {
		r, all := newRing(), whole(1)
		var text []byte
		for range n {
			m, texts := made("ci", time.Time{})
			all.Keys, text = append(all.Keys, m), []byte(texts[0])
		}
		r.Take(all)
		b.Run(fmt.Sprintf("of %d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Find(text, noon)
			}
		})
	}
}
