package canontest

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

func (u *under) stream(t *testing.T, name string) []byte {
	t.Helper()
	return load(t, filepath.Join(u.dir(), "streams", name+".in.sse"))
}

// everyCutIsVisible holds that a stream which breaks off, at whatever byte, ends with an
// error and never with the end of a whole answer.
func (u *under) everyCutIsVisible(t *testing.T) {
	in := u.stream(t, u.Cut)
	last := bytes.Index(in, []byte(u.Before))
	if last < 0 {
		t.Fatalf("%s has no %q", u.Cut, u.Before)
	}
	for n := range last {
		if _, ended, failed := u.Judge.Stream(t, u.translate(in[:n])); ended || !failed {
			t.Fatalf("cut after %d of %d bytes: ended %v, failed %v", n, len(in), ended, failed)
		}
	}
}

// brokenStreamsHaveNoEnd holds that of the golden streams the broken ones end with an
// error and without a finish, and that all others end well.
func (u *under) brokenStreamsHaveNoEnd(t *testing.T) {
	if len(u.Broken) == 0 {
		t.Fatal("Broken names no stream: want a cut, an error event and a missing end marker")
	}
	found := 0
	for _, file := range files(t, u.dir(), "streams", "*.in.sse") {
		name := strings.TrimSuffix(filepath.Base(file), ".in.sse")
		broken := slices.Contains(u.Broken, name)
		foldsAsItReads(t, u.from, load(t, file))
		h, ended, failed := u.Judge.Stream(t, u.translate(load(t, file)))
		if ended == broken || failed != broken || broken && h.Finish != "" {
			t.Errorf("%s: ended %v, failed %v, finish %q; broken %v", name, ended, failed, h.Finish, broken)
		}
		if broken {
			found++
		}
	}
	if found != len(u.Broken) {
		t.Errorf("Broken names %d streams, %d are there", len(u.Broken), found)
	}
}

// nothingFollowsTheEnd holds that a stream has one end, good or bad.
func (u *under) nothingFollowsTheEnd(t *testing.T) {
	for name, end := range map[string]canon.Event{
		"good": {Kind: canon.EventDone},
		"bad":  {Kind: canon.EventFailed, Fault: canon.Cut()},
	} {
		e := u.Encoder(asker)
		out := e.Append(nil, &canon.Event{Kind: canon.EventStart})
		if e.Ended() {
			t.Errorf("%s: ended at the start", name)
		}
		out = e.Append(out, &end)
		if !e.Ended() {
			t.Errorf("%s: not ended", name)
		}
		more := e.Append(nil, &canon.Event{Kind: canon.EventText, Text: scan.Value(`"late"`)})
		if more = e.Abort(more, canon.Cut()); len(more) > 0 {
			t.Errorf("%s: %q follows %q", name, more, out)
		}
	}
}

// abortEndsWithAnError holds how a stream that has begun ends if its answer does not come.
func (u *under) abortEndsWithAnError(t *testing.T) {
	e := u.Encoder(asker)
	e.Append(nil, &canon.Event{Kind: canon.EventStart})
	got := string(e.Abort(nil, &canon.Fault{Kind: canon.FaultOverloaded, Message: "busy"}))
	if got != u.Aborted || got == "" {
		t.Errorf("got %q, want %q", got, u.Aborted)
	}
}

// faultsKeepTheirMeaning holds the status of each kind of fault, and that it comes back
// from its body: with the status, and as the error that a whole answer is.
func (u *under) faultsKeepTheirMeaning(t *testing.T) {
	const message = "m \"q\""
	if len(u.Faults) < 8 {
		t.Errorf("Faults names %d kinds of fault: want those of all statuses", len(u.Faults))
	}
	for kind, status := range u.Faults {
		body, got := u.EncodeFault(nil, &canon.Fault{Kind: kind, Message: message, RequestID: "req_1"})
		if got != status {
			t.Errorf("%s: status %d, want %d", kind, got, status)
		}
		back := u.DecodeFault(got, body)
		if back.Kind != kind || back.Message != message || u.NamesRequests && back.RequestID != "req_1" {
			t.Errorf("%s comes back as %+v", kind, back)
		}
		_, err := u.DecodeAnswer(body)
		var fault *canon.Fault
		if !errors.As(fmt.Errorf("attempt 1: %w", err), &fault) || fault.Kind != kind || fault.Message != message {
			t.Errorf("%s in a 200 response is read as %v", kind, err)
		}
	}
	if back := u.DecodeFault(422, []byte("<html>")); back.Kind != canon.FaultRequest || back.Status != 422 || back.Message == "" {
		t.Errorf("a body that is no error is read as %+v", back)
	}
}
