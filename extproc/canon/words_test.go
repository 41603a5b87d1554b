package canon_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
)

// TestWordsOfErrors holds what is read of an error's body, whatever form it has.
func TestWordsOfErrors(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":{"message":"why","type":"x"}}`:                                  "why",
		`{"error":"why"}`:                                                         "why",
		`{"error":{"error":{"message":"why"}}}`:                                   "why",
		`[{"error":{"code":400,"message":"why","status":"INVALID_ARGUMENT"}}]`:    "why",
		`{"object":"error","message":"why"}`:                                      "why",
		`{"detail":"why"}`:                                                        "why",
		`{"detail":[{"loc":["body","messages",0],"msg":"field required"}]}`:       "body.messages.0: field required",
		`{"detail":[{"msg":"one"},{"msg":"two"},{"msg":"three"},{"msg":"four"}]}`: "one; two; three",
		`{"statusCode":401,"message":"Access denied"}`:                            "Access denied",
		`{"errors":[{"message":"why"}]}`:                                          "why",
		`"why"`:                                                                   "why",
		"\xef\xbb\xbf{\"error\":\"why\"}":                                         "why",
		"upstream connect error\r\n\tor so":                                       "upstream connect error or so",
		"<html>\n<head><TITLE>502 Bad&amp;Gateway</TITLE></head>":                 "502 Bad&Gateway",
		`<html>`:                      "",
		`<title>cut`:                  "",
		`</title><title>`:             "",
		`{"code":5}`:                  "",
		`{"error":null,"message":""}`: "",
		`{"error":{"message":"cut`:    `{"error":{"message":"cut`,
		``:                            "",
		"a\x00b\u202e\xff":            "a b",
		strings.Repeat(`{"error":`, 50) + `"deep"` + strings.Repeat(`}`, 50): "",
	} {
		if got := canon.Words([]byte(body)); got != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
	long := canon.Words([]byte(strings.Repeat("é", 5000)))
	if len(long) > 2010 || !strings.HasSuffix(long, "é...") {
		t.Errorf("%d bytes that end with %q", len(long), long[len(long)-8:])
	}
}
