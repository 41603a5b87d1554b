package secrets

import (
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

func scanner(t testing.TB, types ...string) *onepass.Scanner {
	t.Helper()
	return contenttest.Make(New).Scanner(t, types...)
}

func TestOnlyTheTypesThatWereAskedForAreFound(t *testing.T) {
	const text = "AKIAIOSFODNN7EXAMPLE and postgres://u:p@host"
	contenttest.Make(New).Chosen(t, text,
		contenttest.Choice{Name: "the usual ones", Types: nil, Want: "[AWS_ACCESS_KEY] and postgres://u:[URL_PASSWORD]@host"},
		contenttest.Choice{Name: "one", Types: []string{"URL_PASSWORD"}, Want: "AKIAIOSFODNN7EXAMPLE and postgres://u:[URL_PASSWORD]@host"},
		contenttest.Choice{Name: "none", Types: []string{}, Want: text},
	)
	contenttest.Make(New).Refused(t, `secrets: there is no type "OPENAI"`, "JWT", "OPENAI")
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
