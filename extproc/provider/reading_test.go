package provider

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest/recorded"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// A stream has two readers: the skimmer while it passes, the decoder while it is
// translated. These tests hold that the exchange knows the same after either.

// heard is what an exchange knows of an answer after it was read.
type heard struct {
	ID, Model     string
	Usage         canon.Usage
	Failed, Ended bool
}

func heardIn(ex *exchange.Exchange) heard {
	r := &ex.Response
	return heard{r.ID, r.Model, ex.Usage, r.Failed, r.SawEnd}
}

// passed returns what is heard of a stream that passes. It passes byte for byte up to what
// cannot be read, or is the end of an answer that failed; an error may follow.
func passed(t *testing.T, name string, stream []byte, choices int) heard {
	t.Helper()
	ex := &exchange.Exchange{}
	ex.Request.Choices, ex.Request.WantUsage = choices, true
	out := pass(t, name, ex, stream)
	want := stream
	if ex.Response.Unreadable > 0 || ex.Response.Failed {
		want = untilBroken(stream)
	}
	if !bytes.HasPrefix(out, want) {
		t.Errorf("the client gets %q", out)
	}
	return heardIn(ex)
}

// brokenEnd is an end that is a word for a failure.
var brokenEnd = regexp.MustCompile(`"(finish_reason|stop_reason|reason)":"(error|network_error|insufficient_system_resource)"`)

// untilBroken cuts a stream before its first event that cannot be read, or that says with a word
// for a failure why the answer ended, in place of which the client gets an error.
func untilBroken(stream []byte) []byte {
	n := 0
	for event := range bytes.SplitAfterSeq(stream, []byte("\n\n")) {
		if data := scan.Event(event).Data(); data != nil && (!json.Valid(data) || brokenEnd.Match(data) && !bytes.Contains(data, []byte(`"error":`))) {
			break
		}
		n += len(event)
	}
	return stream[:n]
}

// pass returns what the client gets of a stream that passes.
func pass(t *testing.T, name string, ex *exchange.Exchange, stream []byte) []byte {
	t.Helper()
	s := newStream(&target{dialect: dialect.ByName(name)}, ex, false)
	var out []byte
	for _, piece := range append(slices.Collect(slices.Chunk(stream, 61)), nil) {
		got, err := s.Pass(piece, piece == nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, got...)
	}
	return out
}

// translated returns what is heard of a stream that is translated.
func translated(t *testing.T, name string, stream []byte) heard {
	t.Helper()
	ex := &exchange.Exchange{}
	ex.Response.Translates = true
	play(t, name, ex, stream)
	return heardIn(ex)
}

// play has the events of a stream read.
func play(t *testing.T, name string, ex *exchange.Exchange, stream []byte) {
	t.Helper()
	s := newStream(&target{dialect: dialect.ByName(name)}, ex, false)
	for _, piece := range append(slices.Collect(slices.Chunk(stream, 61)), nil) {
		if err := s.Feed(piece, piece == nil); err != nil {
			t.Fatal(err)
		}
		for s.Next() != nil {
		}
	}
}

// The skimmer judges less than the decoder: what passes, its client judges itself.
// These differences turn what the decoder says into what the skimmer says.
var (
	// After an error nothing is translated. What passes is read to its end.
	readsOn = func(h *heard) {
		h.Ended = true
		if h.Usage.Source != "" {
			h.Usage.Source = canon.UsageProvider
		}
	}
	// What cannot be read cannot be translated. It passes, and the end decides.
	passesBroken = func(h *heard) { h.Failed = false }
	// An end marker after nothing, or without a reason, is no answer in another dialect.
	endsEmpty = func(h *heard) { h.Ended = true }
	// The dialect says which report is the last. Events do not: the end makes it so.
	countsAtOnce = func(h *heard) { h.Usage.Source = canon.UsageProvider }
)

var apart = map[string]func(*heard){
	"openai/error-beside-usage-after-a-finish": readsOn,
	"openai/error-inside-a-200":                readsOn,
	"openai/openrouter-stream-error":           readsOn,
	"openai/nothing-but-done":                  endsEmpty,
	"anthropic/a-block-out-of-order":           passesBroken,
	"anthropic/cut-before-message_stop":        countsAtOnce,
	"anthropic/stop-without-a-reason":          endsEmpty,
}

func bothSayTheSame(t *testing.T, dialect, name string, stream []byte) {
	name = dialect + "/" + name
	t.Run(name, func(t *testing.T) {
		want := translated(t, dialect, stream)
		if differ := apart[name]; differ != nil {
			differ(&want)
		}
		if diff := cmp.Diff(want, passed(t, dialect, stream, 1)); diff != "" {
			t.Errorf("the skimmer differs (-decoder +skimmer):\n%s", diff)
		}
	})
}

func TestBothReadersOfAStreamSayTheSame(t *testing.T) {
	for name, g := range goldens {
		for _, file := range testdata(t, g.folder, g.streams+".sse") {
			stream, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			bothSayTheSame(t, name, nameOf(file), stream)
		}
	}
}

func TestBothReadersOfARecordedStreamSayTheSame(t *testing.T) {
	for name, prefixes := range recordings {
		for _, ex := range recorded.Exchanges(t, prefixes...) {
			if ex.Stream {
				bothSayTheSame(t, name, ex.Name, ex.Response)
			}
		}
	}
}

// goldens are the dialects with the folder that has answers of theirs: the other one's, which
// translates them, or their own.
var goldens = map[string]struct{ folder, streams, answers string }{
	"openai":    {"anthropic", "streams/*.in", "responses/*.in"},
	"anthropic": {"openai", "streams/*.in", "responses/*.in"},
	"responses": {"responses", "answers/*", "answers/*"},
}

// nameOf is the name of a golden answer.
func nameOf(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".")
	return name
}

// recordings are the prefixes of the recorded exchanges of each dialect.
var recordings = map[string][]string{
	"openai":    {"openai-chat", "azure-chat", "deepseek", "mistral", "ollama", "openrouter"},
	"anthropic": {"anthropic"},
	"responses": {"openai-responses"},
}

func testdata(t *testing.T, folder, pattern string) []string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join("../dialect", folder, "testdata", pattern))
	if len(files) == 0 {
		t.Fatalf("no %s of %s", pattern, folder)
	}
	return files
}

// sse writes a stream of events. Each is its data, or its name, a blank and its data.
func sse(events ...string) []byte {
	var b []byte
	for _, ev := range events {
		if name, data, ok := strings.Cut(ev, " "); ok && !strings.HasPrefix(ev, "{") {
			b = append(b, "event: "+name+"\n"...)
			ev = data
		}
		b = append(b, "data: "+ev+"\n\n"...)
	}
	return b
}

// oddStream is a stream of a server that keeps to its dialect in its own way.
type oddStream struct {
	name    string
	choices int // that were asked for; 0: one
	events  []string
	want    heard        // of both
	passes  func(*heard) // what is different if it passes; nil: nothing
}

func playOdd(t *testing.T, dialect string, all []oddStream) {
	for _, odd := range all {
		t.Run(odd.name, func(t *testing.T) {
			in, want := sse(odd.events...), odd.want
			if diff := cmp.Diff(want, translated(t, dialect, in)); diff != "" {
				t.Errorf("decoder (-want +got):\n%s", diff)
			}
			if odd.passes != nil {
				odd.passes(&want)
			}
			if diff := cmp.Diff(want, passed(t, dialect, in, odd.choices)); diff != "" {
				t.Errorf("skimmer (-want +got):\n%s", diff)
			}
		})
	}
}
