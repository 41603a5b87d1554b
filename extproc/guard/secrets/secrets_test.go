package secrets

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

func scanner(t testing.TB, types ...string) *Scanner {
	t.Helper()
	sc, err := New(types)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func TestOnlyTheTypesThatWereAskedForAreFound(t *testing.T) {
	const text = "AKIAIOSFODNN7EXAMPLE and postgres://u:p@host"
	for _, c := range []struct {
		name  string
		types []string
		want  string
	}{
		{"the usual ones", nil, "[AWS_ACCESS_KEY] and postgres://u:[URL_PASSWORD]@host"},
		{"one", []string{"URL_PASSWORD"}, "AKIAIOSFODNN7EXAMPLE and postgres://u:[URL_PASSWORD]@host"},
		{"none", []string{}, text},
	} {
		t.Run(c.name, func(t *testing.T) {
			sc, err := New(c.types)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, contenttest.Mask(sc, text)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := New([]string{"JWT", "OPENAI"}); err == nil || err.Error() != `secrets: there is no type "OPENAI"` {
		t.Errorf("a type that there is not: %v", err)
	}
}

// TestAssignments holds the two types that are not on by default.
func TestAssignments(t *testing.T) {
	sc := scanner(t, "PASSWORD", "GENERIC_KEY")
	for text, want := range map[string]string{
		`password = "hunter22!"`:                        `password = "[PASSWORD]"`,
		`DB_PASSWORD=s3cr3t-pw; next`:                   `DB_PASSWORD=[PASSWORD]; next`,
		`{"password": "correct horse 1"}`:               `{"password": "correct horse 1"}`,
		"password: hunter22\nuser: jo":                  "password: [PASSWORD]\nuser: jo",
		`password: string`:                              `password: string`,
		`password = get_password(user1)`:                `password = get_password(user1)`,
		`password=$PASSWORD1`:                           `password=$PASSWORD1`,
		`password: ********`:                            `password: ********`,
		`the password is hunter22`:                      `the password is hunter22`,
		`api_key: "a8f5f167f44f4964e6c998dee827110c"`:   `api_key: "[GENERIC_KEY]"`,
		`CLIENT_SECRET=Zk8Q~9aB3dE6gH9jK2mN5p`:          `CLIENT_SECRET=Zk8Q~9aB3dE6gH9jK2mN5p`,
		`client_secret=Zk8Q9aB3dE6gH9jK2mN5p`:           `client_secret=[GENERIC_KEY]`,
		`token = next_token_of_the_line_42`:             `token = next_token_of_the_line_42`,
		`secret => 'aB3dE6gH9jK2mN5pQ8rS'`:              `secret => '[GENERIC_KEY]'`,
		`token: xxxxxxxxxxxxxxxxxxxx1234`:               `token: xxxxxxxxxxxxxxxxxxxx1234`,
		`key: aB3dE6gH9jK2mN5pQ8rS`:                     `key: aB3dE6gH9jK2mN5pQ8rS`,
		`tokens: 12345678901234567890, max_tokens: 400`: `tokens: 12345678901234567890, max_tokens: 400`,
	} {
		if got := contenttest.Mask(sc, text); got != want {
			t.Errorf("%s:\n%s, want\n%s", text, got, want)
		}
		contenttest.Streams(t, sc, text)
	}
}

func TestEachTypeIsInTheCorpus(t *testing.T) {
	seen := map[string]bool{"PASSWORD": true, "GENERIC_KEY": true}
	for _, l := range contenttest.Read(t, "testdata/positives.jsonl") {
		for _, s := range l.Spans {
			seen[s.Type] = true
		}
	}
	for _, typ := range Types() {
		if !seen[typ.Name] || typ.About == "" {
			t.Errorf("%+v is in no text", typ)
		}
	}
}
