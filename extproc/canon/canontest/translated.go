package canontest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
)

// Asked is a golden request: a body and the target that it is translated for.
type Asked struct {
	Target canon.Target
	Body   json.RawMessage
}

// Translated is a golden output: the body and what the target cannot express.
type Translated struct {
	Unsupported []string `json:",omitempty"`
	Error       string   `json:",omitempty"`
	Body        json.RawMessage
}

func (u *under) goldenRequests(t *testing.T) {
	Golden(t, filepath.Join(u.dir(), "requests"), func(t *testing.T, in []byte) []byte {
		var asked Asked
		if err := json.Unmarshal(in, &asked); err != nil {
			t.Fatal(err)
		}
		return marshal(t, u.request(t, &asked))
	})
}

// request translates a request, and holds that what is left out is named.
func (u *under) request(t *testing.T, asked *Asked) (out Translated) {
	t.Helper()
	r, err := u.from.Decode(asked.Body)
	if err != nil {
		out.Error = err.Error()
		return out
	}
	for _, f := range u.Unsupported(r, asked.Target) {
		out.Unsupported = append(out.Unsupported, fmt.Sprintf("%s: %s: %s", [...]string{"tuning", "meaning", "impossible"}[f.Kind], f.Field, f.Why))
	}
	body, dropped, err := u.Encode(nil, r, asked.Target)
	if err != nil {
		out.Error = err.Error()
		knownImpossible(t, u, r, asked.Target)
	} else {
		out.Body = body
	}
	if len(dropped) != len(out.Unsupported) {
		t.Errorf("dropped %q, unsupported %q", dropped, out.Unsupported)
	}
	return out
}

// knownImpossible holds that a request that cannot be encoded is known to be impossible
// before a backend is chosen for it.
func knownImpossible(t testing.TB, to dialect.Backend, r *canon.Request, target canon.Target) {
	t.Helper()
	for _, f := range to.Unsupported(r, target) {
		if f.Kind == canon.Impossible {
			return
		}
	}
	t.Error("the request cannot be encoded, and nothing says so before")
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatalf("%v: %+v", err, v)
	}
	return bytes.TrimSpace(b.Bytes())
}

func (u *under) goldenResponses(t *testing.T) {
	Golden(t, filepath.Join(u.dir(), "responses"), func(t *testing.T, in []byte) []byte {
		body, status := answer(t, u.from, u, in)
		if status != 200 {
			return marshal(t, map[string]any{"status": status, "body": json.RawMessage(body)})
		}
		return body
	})
}

// answer translates a whole answer, or the error that it is.
func answer(t testing.TB, from dialect.Backend, to dialect.Client, in []byte) (body []byte, status int) {
	t.Helper()
	r, err := from.DecodeAnswer(in)
	var fault *canon.Fault
	switch {
	case errors.As(err, &fault):
		return to.EncodeFault(nil, fault)
	case err != nil:
		t.Fatalf("the error is no fault: %v", err)
	}
	return to.EncodeAnswer(nil, r, asker), 200
}

// goldenStreams holds that a stream is translated alike in whatever pieces it comes.
func (u *under) goldenStreams(t *testing.T) {
	Golden(t, filepath.Join(u.dir(), "streams"), func(t *testing.T, in []byte) []byte {
		whole := u.translate(in)
		everySplit(in, func(pieces [][]byte, how string) {
			if got := u.translate(pieces...); !bytes.Equal(whole, got) {
				t.Fatalf("%s (-whole +pieces):\n%s", how, cmp.Diff(string(whole), string(got)))
			}
		})
		return whole
	})
}

// goldenRead holds what becomes in the other dialect of what is written in this one, if
// no other corpus has such inputs: folder read holds golden pairs the other way round.
func (u *under) goldenRead(t *testing.T) {
	dir := filepath.Join(u.dir(), "read")
	back := *u.Corpus
	back.Dir = dir
	r := &under{Dialect: u.from, Corpus: &back, from: u.Dialect}
	for folder, run := range map[string]func(*testing.T){"requests": r.goldenRequests, "responses": r.goldenResponses, "streams": r.goldenStreams} {
		if _, err := os.Stat(filepath.Join(dir, folder)); err == nil {
			t.Run(folder, run)
		}
	}
}

// translate translates a stream of the other dialect's server.
func (u *under) translate(chunks ...[]byte) []byte {
	return Stream(u.from.Decoder(false), u.Encoder(asker), chunks...)
}
