package provider

import "testing"

func TestNamesUser(t *testing.T) {
	for body, want := range map[string]bool{
		`{"messages":[{"role":"user","content":"a"},{"role" : "user" }]}`: false,
		`{"messages":[{"role":"user"}],"user":"u"}`:                       true,
		"{\"user\" \n: \"u\"}":                                            true,
		`{"role":"user"`:                                                  false,
	} {
		if namesUser([]byte(body)) != want {
			t.Errorf("%s: %v", body, !want)
		}
	}
}
