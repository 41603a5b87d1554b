package anthropic_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/headgate/headgate/extproc/provider/anthropic"
	"github.com/headgate/headgate/extproc/provider/canon"
	"github.com/headgate/headgate/extproc/provider/canon/canontest"
	"github.com/headgate/headgate/extproc/provider/openai"
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
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatalf("%v: %s", err, out.Body)
	}
	return b
}

func TestRequestsOfOpenAIClients(t *testing.T) {
	canontest.Golden(t, "testdata/requests", func(t *testing.T, in []byte) []byte {
		return request(t, in, openai.DecodeRequest, anthropic.Unfit, anthropic.EncodeRequest)
	})
}
