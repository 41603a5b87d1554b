package canontest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
)

// seeds is how many requests, answers and streams are written at random.
const seeds = 2000

// writers are the dialects in which Random writes.
var writers = struct{ requests, answers string }{"openai", "anthropic"}

// rewrite writes a request anew in a dialect and reads it again.
func rewrite(t *testing.T, d dialect.Dialect, r *canon.Request) *canon.Request {
	t.Helper()
	body, dropped, err := d.Encode(nil, r, target)
	if err != nil || len(dropped) > 0 {
		t.Fatalf("%s: dropped %q, %v", d.Name(), dropped, err)
	}
	back, err := d.Decode(body)
	if err != nil {
		t.Fatalf("%s: %v: %s", d.Name(), err, body)
	}
	return back
}

// requestsLoseNothing holds that a request of what many dialects express means the same
// once it was written in this one, and back in the one that it came in.
func (u *under) requestsLoseNothing(t *testing.T) {
	writer := dialect.ByName(writers.requests)
	for seed := range uint64(seeds) {
		body := NewRandom(seed).Request()
		r, err := writer.Decode(body)
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if u.Unasked != nil {
			u.Unasked(r)
		}
		want, there := MeaningOf(r), rewrite(t, u, r)
		if diff := cmp.Diff(want, MeaningOf(rewrite(t, writer, there))); diff != "" {
			t.Fatalf("seed %d: %s\n%s", seed, body, diff)
		}
	}
}

// respond writes an answer anew in a dialect and reads it again.
func respond(t *testing.T, d dialect.Dialect, r *canon.Response) *canon.Response {
	t.Helper()
	body := d.EncodeAnswer(nil, r, asker)
	back, err := d.DecodeAnswer(body)
	if err != nil {
		t.Fatalf("%s: %v: %s", d.Name(), err, body)
	}
	return back
}

// answersLoseNothing holds the same of answers, and that the judge takes them.
func (u *under) answersLoseNothing(t *testing.T) {
	for seed := range uint64(seeds) {
		body := NewRandom(seed).Answer()
		r, err := dialect.ByName(writers.answers).DecodeAnswer(body)
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		want := u.loses(SaidBy(r))
		if diff := cmp.Diff(want, SaidBy(respond(t, u, r))); diff != "" {
			t.Fatalf("seed %d: %s\n%s", seed, body, diff)
		}
		if seed%10 == 0 {
			u.Judge.Answer(t, u.EncodeAnswer(nil, r, asker))
		}
	}
}

// streamsLoseNothing holds the same of streams, in pieces of any size, and what the judge
// makes of them: of the stream itself, and of the one that comes back from the other
// dialect.
func (u *under) streamsLoseNothing(t *testing.T) {
	writer := dialect.ByName(writers.answers)
	for seed := range uint64(seeds) {
		r := NewRandom(seed)
		in := r.Stream()
		pieces := func(b []byte) [][]byte { return Pieces(b, 1+r.IntN(len(b))) }
		own := in
		if u.Name() != writer.Name() {
			own = Stream(writer.Decoder(false), u.Encoder(asker), pieces(in)...)
		}
		other := Stream(u.Decoder(false), u.from.Encoder(asker), pieces(own)...)
		back := Stream(u.from.Decoder(false), u.Encoder(asker), pieces(other)...)
		want := u.loses(StreamSaid(writer, in))
		for _, got := range [][]byte{own, back} {
			if diff := cmp.Diff(want, StreamSaid(u, got)); diff != "" {
				t.Fatalf("seed %d: %s\n%s\n%s", seed, diff, in, got)
			}
		}
		foldsAsItReads(t, u, own)
		if seed%4 != 0 {
			continue // an SDK takes its time
		}
		if diff := cmp.Diff(u.judged(t, own), u.judged(t, back)); diff != "" {
			t.Fatalf("seed %d: the SDK reads (-there +back) %s\n%s\n%s", seed, diff, own, back)
		}
	}
}

// StreamSaid is what a dialect's reader makes of a stream.
func StreamSaid(d dialect.Backend, stream []byte) Said {
	var l listener
	Stream(d.Decoder(false), &l, stream)
	return l.done()
}

// judged is what the judge makes of a whole stream.
func (u *under) judged(t *testing.T, stream []byte) Heard {
	t.Helper()
	h, ended, failed := u.Judge.Stream(t, stream)
	if !ended || failed {
		t.Fatalf("ended %v, failed %v: %s", ended, failed, stream)
	}
	return h.joined()
}
