package openai_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

// translated is a golden output: the body and what did not fit.
type translated struct {
	Unfit []string `json:",omitempty"`
	Error string   `json:",omitempty"`
	Body  json.RawMessage
}

var client = canon.Client{ID: "exchange-1", Created: 1700000000, Usage: true}

// golden is a case: a body and the target to translate it for.
type golden struct {
	Target canon.Target
	Body   json.RawMessage
}

func request(t *testing.T, in []byte, decode func([]byte) (*canon.Request, error),
	unfit func(*canon.Request, canon.Target) []canon.Unfit,
	encode func([]byte, *canon.Request, canon.Target) ([]byte, canon.Dropped, error)) []byte {
	t.Helper()
	var c golden
	if err := json.Unmarshal(in, &c); err != nil {
		t.Fatal(err)
	}
	var out translated
	r, err := decode(c.Body)
	if err != nil {
		out.Error = err.Error()
	} else {
		for _, u := range unfit(r, c.Target) {
			out.Unfit = append(out.Unfit, fmt.Sprintf("%s: %s: %s", [...]string{"tuning", "meaning"}[u.Kind], u.Field, u.Why))
		}
		body, dropped, err := encode(nil, r, c.Target)
		if err != nil {
			out.Error = err.Error()
		} else {
			out.Body = body
		}
		if len(dropped) != len(out.Unfit) {
			t.Errorf("dropped %q, unfit %q", dropped, out.Unfit)
		}
	}
	return marshal(t, out)
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

func TestRequestsOfAnthropicClients(t *testing.T) {
	canontest.Golden(t, "testdata/requests", func(t *testing.T, in []byte) []byte {
		return request(t, in, anthropic.DecodeRequest, openai.Unfit, openai.EncodeRequest)
	})
}

func TestAnswersOfAnthropicBackends(t *testing.T) {
	canontest.Golden(t, "testdata/responses", func(t *testing.T, in []byte) []byte {
		r, err := anthropic.DecodeResponse(in)
		var fault *canon.Fault
		if errors.As(err, &fault) {
			body, status := openai.EncodeFault(nil, fault)
			return marshal(t, map[string]any{"status": status, "body": json.RawMessage(body)})
		}
		return openai.EncodeResponse(nil, r, client)
	})
}

func TestStreamsOfAnthropicBackends(t *testing.T) {
	canontest.Golden(t, "testdata/streams", func(t *testing.T, in []byte) []byte {
		whole := translate(in)
		for size := 1; size < len(in); size += 1 + size/3 {
			if diff := cmp.Diff(string(whole), string(translate(canontest.Pieces(in, size)...))); diff != "" {
				t.Fatalf("in pieces of %d bytes (-whole +pieces):\n%s", size, diff)
			}
		}
		return whole
	})
}

func translate(chunks ...[]byte) []byte {
	return canontest.Stream(new(anthropic.StreamDecoder), openai.NewStreamEncoder(client), chunks...)
}
