package xds_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/ads/adstest"
	"github.com/headgate/headgate/xds/snapshot"
)

// TestOneAfterTheOther holds that a pair gets nothing of the next release while it is
// on its way to one, and then the latest only.
func TestOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		s := f.join("one", "")
		first := f.publish("a")
		sent := s.Received()
		f.publish("b")
		third := f.publish("c")
		for i, m := range sent {
			if more := s.Received(); len(more) > 0 {
				t.Errorf("%d more are sent after %d of %d answers", len(more), i, len(sent))
			}
			s.Ack(m)
		}
		want(t, "then", take(t, s), third)
		if err := f.AwaitAccepted(t.Context()); err != nil {
			t.Error(err)
		}
		if got := f.state(); got != third+" good "+third+" refused false; one "+third+" refused false" {
			t.Errorf("%s; the first was %s", got, first)
		}
	})
}

// TestRefusedRelease holds that a pair which refuses a release is alone with what it had,
// whichever pair answers first, and that the release goes back for all if all refuse it.
func TestRefusedRelease(t *testing.T) {
	for _, c := range []string{"refused, taken", "taken, refused", "refused by all"} {
		t.Run(c, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t)
				a, b := f.join("a", ""), f.join("b", "")
				first := f.publish("a")
				want(t, "a", take(t, a), first)
				want(t, "b", take(t, b), first)
				second := f.publish("b")
				switch c {
				case "refused, taken":
					want(t, "b refuses", refuse(t, b), second)
					want(t, "and is left alone", take(t, b))
					want(t, "a takes", take(t, a), second)
				case "taken, refused":
					want(t, "a takes", take(t, a), second)
					want(t, "b refuses", refuse(t, b), second)
				case "refused by all":
					want(t, "b refuses", refuse(t, b), second)
					want(t, "a refuses", refuse(t, a), second)
					want(t, "a goes back", take(t, a), first)
					want(t, "b goes back", take(t, b), first)
					if got := f.state(); got != first+" good "+first+" refused true; a "+first+" refused true b "+first+" refused true" {
						t.Error(got)
					}
					return
				}
				want(t, "b stays", take(t, b))
				if got := f.state(); got != second+" good "+second+" refused false; a "+second+" refused false b "+first+" refused true" {
					t.Error(got)
				}
				if err := f.AwaitAccepted(t.Context()); err == nil || !strings.Contains(err.Error(), "pair b refused the policy: it does not work here") {
					t.Errorf("error %v, want b's", err)
				}
				b.Close()
				synctest.Wait()
				if err := f.AwaitAccepted(t.Context()); err != nil {
					t.Errorf("without b: %v", err)
				}
				b = f.join("b", "")
				synctest.Wait()
				want(t, "b, which has begun again", take(t, b), second)
			})
		})
	}
}

// TestShareThatGoesBack holds that a release goes back for all, those who have accepted it
// too, once the share refuses that the flag names, and not before.
func TestShareThatGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleetWith(t, func(o *xds.Options) { o.GoBack = 0.5 })
		var pairs []*adstest.Stream
		for _, node := range []string{"a", "b", "c", "d"} {
			pairs = append(pairs, f.join(node, ""))
		}
		first := f.publish("a")
		for _, p := range pairs {
			want(t, "the first", take(t, p), first)
		}
		second := f.publish("b")
		want(t, "a", take(t, pairs[0]), second)
		want(t, "b", refuse(t, pairs[1]), second)
		want(t, "c", take(t, pairs[2]), second)
		if got := f.Status().Groups[0].Revision; got != second {
			t.Errorf("one of four took the group back to %s", got)
		}
		want(t, "d", refuse(t, pairs[3]), second)
		for _, p := range pairs {
			want(t, "back", take(t, p), first)
		}
		third := f.publish("c")
		for _, p := range pairs {
			want(t, "the third", take(t, p), third)
		}
		if got := f.Status().Groups[0]; got.Revision != third || got.LastGood != third || got.Refused != nil {
			t.Errorf("then %+v", got)
		}
	})
}

// TestTriedAgain holds that what was refused is offered again when it is published
// again, directly or after another, and that what was then accepted is not sent twice.
func TestTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		s := f.join("one", "")
		first := f.publish("a")
		want(t, "the first", take(t, s), first)
		second := f.publish("b")
		want(t, "the second", refuse(t, s), second)
		want(t, "back", take(t, s), first)
		f.publish("b")
		want(t, "again", refuse(t, s), second)
		want(t, "back again", take(t, s), first)
		f.publish("a")
		want(t, "what is there", take(t, s))
		f.publish("b")
		want(t, "after the other", refuse(t, s), second)
		want(t, "and back", take(t, s), first)
		f.publish("b")
		want(t, "at last", take(t, s), second)
		f.publish("b")
		want(t, "once it is accepted", take(t, s))
		if err := f.AwaitAccepted(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestFirstReleaseRefused holds that without a good release there is nothing to go
// back to, and that a pair which accepts the release makes it good after all.
func TestFirstReleaseRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		a, b := f.join("a", ""), f.join("b", "")
		first := f.publish("a")
		want(t, "a refuses", refuse(t, a), first)
		want(t, "and is left alone", take(t, a))
		f.publish("a")
		want(t, "it is asked again", refuse(t, a), first)
		if got := f.state(); got != first+" good  refused false; a  refused true b  refused false" {
			t.Error(got)
		}
		want(t, "b takes both", take(t, b), first, first)
		if got := f.state(); got != first+" good "+first+" refused false; a  refused true b "+first+" refused false" {
			t.Error(got)
		}
	})
}

// TestAssumed holds that a group which has accepted nothing yet goes back to the release
// that is assumed good, and later to what its pairs have accepted.
func TestAssumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		before := parse(t, 8080, "before", "provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"")
		if revision, _ := f.Accepted(); revision != "" {
			t.Errorf("%s counts as accepted before a pair has accepted it", revision)
		}
		first := f.publish("a")
		if err := f.AssumeGood(before, snapshot.Options{}); err != nil {
			t.Fatal(err)
		}
		a := f.join("a", "")
		synctest.Wait()
		want(t, "a refuses", refuse(t, a), first)
		want(t, "and goes back", take(t, a), before.Revision)
		b := f.join("b", "")
		synctest.Wait()
		want(t, "b comes later", take(t, b), before.Revision)
		if got := f.state(); got != before.Revision+" good "+before.Revision+" refused true; a "+before.Revision+" refused true b "+before.Revision+" refused false" {
			t.Error(got)
		}
		second := f.publish("b")
		want(t, "a", take(t, a), second)
		want(t, "b", take(t, b), second)
		if revision, _ := f.Accepted(); revision != second {
			t.Errorf("taken is %q, want %s", revision, second)
		}
		third := f.publish("c")
		want(t, "a", refuse(t, a), third)
		want(t, "b", refuse(t, b), third)
		want(t, "goes back to what it took", take(t, a), second)
	})
}

// TestRegionsAreApart holds that a refusal leads back its own group only.
func TestRegionsAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		eu, us := f.join("eu", "eu"), f.join("us", "us")
		first := f.publish("a")
		take(t, eu)
		take(t, us)
		second := f.publish("b")
		want(t, "us", take(t, us), second)
		refuse(t, eu)
		want(t, "eu", take(t, eu), first)
		if got := f.state(); !strings.HasPrefix(got, "eu"+first+" good "+first+" refused true;us"+second+" good "+second+" refused false") {
			t.Error(got)
		}
	})
}

// TestLargePolicy holds that a policy of 2,000 models reaches an Envoy
// through a pair, and so does its next revision.
func TestLargePolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		l, stop := f.pair(t)
		defer stop()
		e := adstest.NewEnvoy(t, l, nil, nil)
		e.Connect()
		defer e.Disconnect()
		for _, last := range []string{"x", "y"} {
			set, err := policy.Parse("policy.yaml", largePolicy(last))
			if err != nil {
				t.Fatal(err)
			}
			if n := len(set.Canonical()); n <= policy.MaxDocument {
				t.Fatalf("the policy is %d bytes in its canonical form", n)
			}
			if err := f.Publish(set, snapshot.Options{}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			if err := f.AwaitAccepted(ctx); err != nil {
				t.Fatal(err)
			}
			if n := len(e.Names(resourcev3.ClusterType)); n < 2500 {
				t.Errorf("Envoy has %d clusters", n)
			}
		}
	})
}

// largePolicy is a document of 2,500 models, each with a chain of its own, which is
// larger than a file may be in its canonical form.
func largePolicy(last string) []byte {
	var backends, models strings.Builder
	for i := range 2500 {
		fmt.Fprintf(&backends, "  b%d: {provider: openai-compatible, url: \"http://127.0.0.1:%d/v1\", region: %s}\n", i, 1000+i, last)
		fmt.Fprintf(&models, "  m%d: {chain: [", i)
		for n := range 8 {
			fmt.Fprintf(&models, "b%d/model-with-a-rather-long-name-%d,", (i+n)%2500, n)
		}
		models.WriteString("]}\n")
	}
	return fmt.Appendf(nil, "version: 1\nunpriced: flag\nbackends:\n%smodels:\n%s", backends.String(), models.String())
}
