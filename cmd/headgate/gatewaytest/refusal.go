package gatewaytest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// Refusal is an error body of either dialect.
type Refusal struct {
	Type  string
	Error struct {
		Type, Message, Code string
		Exchange            string `json:"exchange_id"`
	}
	Request string `json:"request_id"`
}

// CheckRefusal compares an error with what the dialect's SDKs expect.
func CheckRefusal(t *testing.T, a Answer, claude bool, kind, code string) {
	t.Helper()
	var r Refusal
	if err := json.Unmarshal([]byte(a.Body), &r); err != nil {
		t.Fatalf("status %d with no JSON: %q", a.Status, a.Body)
	}
	if got := a.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
		t.Errorf("content-type %q", got)
	}
	if (r.Type == "error") != claude {
		t.Errorf("not the client's dialect: %s", a.Body)
	}
	if r.Error.Type != kind || code != "" && r.Error.Code != code || r.Error.Message == "" {
		t.Errorf("error %s, want type %s, code %s", a.Body, kind, code)
	}
}

// RefusedExchange reads the exchange id from a refusal's body, where Envoy's own
// answers have it.
func RefusedExchange(a Answer) string {
	var r Refusal
	_ = json.NewDecoder(bytes.NewReader([]byte(a.Body))).Decode(&r)
	return r.Error.Exchange + r.Request
}
