package redact_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/redact"
)

var own = [][]byte{[]byte("plain-looking-credential"), []byte("short")}

func TestName(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"SDKs":                     {"OpenAI/Python 2.3.0", "OpenAI/Python 2.3.0"},
		"agents":                   {"codex_cli_rs/0.171.0 (Ubuntu 24.4.0; x86_64) xterm-256color", "codex_cli_rs/0.171.0 (Ubuntu 24.4.0; x86_64) xterm-256color"},
		"browsers":                 {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"},
		"keys":                     {"my-tool/1 sk-proj-abcdef", "my-tool/1 [...]"},
		"keys in capitals":         {"my-tool/1 (AKIAABCDEFGHIJKL)", "my-tool/1 ([...])"},
		"random words":             {"tool a1b2c3d4e5f6a7b8c9", "tool [...]"},
		"credentials":              {"tool Bearer abc", "tool Bearer [...]"},
		"addresses":                {"tool (jane.doe@example.com)", "tool [...]"},
		"the request's own key":    {"tool plain-looking-credential", "tool [...]"},
		"a word that is too short": {"a short tool", "a short tool"},
		"signs for terminals":      {"tool\x1b[31m\r\n2", "tool [31m 2"},
		"what is not UTF-8":        {"tool \xff", "tool \ufffd"},
		"nothing":                  {"", ""},
	} {
		if got := redact.Name(c.text, own, 100); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	long := redact.Name(strings.Repeat("é", 300), nil, 101)
	if len(long) > 101 || !utf8.ValidString(long) {
		t.Errorf("a long name is kept as %d bytes, %q", len(long), long)
	}
}

func TestPath(t *testing.T) {
	for name, c := range map[string]struct {
		path   string
		served bool
		want   string
	}{
		"what is served":          {"/v1/chat/completions", true, "/v1/chat/completions"},
		"an id":                   {"/v1/responses/resp_68af4030592c81938ec0a5fbab4a3e9f/cancel", true, "/v1/responses/resp_68af4030592c81938ec0a5fbab4a3e9f/cancel"},
		"a key in place of an id": {"/v1/models/sk-ant-api03-abc/x", true, "/v1/models/[...]/x"},
		"a key":                   {"/bot/sk-abcdefgh/send", false, "/bot/[...]/send"},
		"random words":            {"/bot110201543a1b2c3d4e5f6/send", false, "/[...]/send"},
		"the request's own key":   {"/v1/plain-looking-credential", false, "/v1/[...]"},
		"signs for terminals":     {"/a\x1b[31m/b", false, "/[...]/b"},
		"two keys":                {"/sk-abcdefgh/sk-ijklmnop", false, "/[...]/[...]"},
		"a slash at the end":      {"/a/", false, "/a/"},
		"nothing":                 {"", false, ""},
	} {
		if got := redact.Path(c.path, c.served, own, 100); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestID(t *testing.T) {
	for id, want := range map[string]bool{
		"2f1c0e5e-7d0b-4a55-9f5e-5f3ad0a4c111": true,
		"req_0123456789abcdef0123456789abcdef": true,
		"my-service/42":                        true,
		strings.Repeat("a", 256):               true,
		strings.Repeat("a", 257):               false,
		"":                                     false,
		"two words":                            false,
		"a,b":                                  false,
		"caf\xc3\xa9":                          false,
		"line\nbreak":                          false,
		"sk-proj-abcdefgh":                     false,
		"hg_abcdefghijkl":                      false,
		"x-plain-looking-credential-x":         false,
	} {
		if got := redact.ID([]byte(id), own); got != want {
			t.Errorf("ID(%q) = %v", id, got)
		}
	}
}

func BenchmarkName(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		redact.Name("codex_cli_rs/0.171.0 (Ubuntu 24.4.0; x86_64) xterm-256color", own, 256)
	}
}

// TestEveryPrefixIsHidden holds that each way in which keys begin is known by its first letter, too.
func TestEveryPrefixIsHidden(t *testing.T) {
	for _, begins := range []string{"sk-", "pk_", "gsk_", "xai-", "hf_", "hg_", "nvapi-", "pplx-", "r8_", "AKIA", "ya29.", "ghp_", "eyJ", "key-", "org-", "proj_", "acct_"} {
		if redact.ID([]byte(begins+"abcdef"), nil) {
			t.Errorf("an id that begins with %s is kept", begins)
		}
	}
}
