package policy

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCredentials holds that each credential is found with its backend, whatever its name,
// and the place where it stands, over several files.
func TestCredentials(t *testing.T) {
	all, err := Credentials([]File{
		{Name: "b.yaml", Data: []byte("version: 1\nbackends:\n  a.credential: {provider: openai, credential: {env: A}}\n  b:\n    provider: openai\n    credential:\n      - env: B\n      - {file: /b}\n")},
		{Name: "a.yaml", Data: []byte("version: 1\nbackends: {c: {provider: simulated}, d: {provider: groq, credential: {file: /d}}}\n")},
		{Name: "c.yaml", Data: []byte("version: 1\nbackends: {a.headers: {provider: openai, credential: {env: E}, headers: {X.credential: {env: X}, b: text}, project: {file: /p}}}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range all {
		got = append(got, fmt.Sprintf("%s %s%s %s%s", c.Backend.Name, c.Env, c.File, c.Fault("x", ""), map[bool]string{true: " in a header"}[c.Header]))
	}
	want := []string{
		`a.credential A b.yaml:3:48 backends["a.credential"].credential: x`,
		`b B b.yaml:7:9 backends.b.credential[0]: x`,
		`b /b b.yaml:8:9 backends.b.credential[1]: x`,
		`d /d a.yaml:2:70 backends.d.credential: x`,
		`a.headers E c.yaml:2:54 backends["a.headers"].credential: x`,
		`a.headers /p c.yaml:2:117 backends["a.headers"].project: x in a header`,
		`a.headers X c.yaml:2:88 backends["a.headers"].headers["X.credential"]: x in a header`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("credentials differ (-want +got):\n%s", diff)
	}
	var faults *Faults
	if _, err := Credentials([]File{{Name: "a", Data: []byte("version: 2")}}); !errors.As(err, &faults) {
		t.Errorf("of a faulty policy: %v", err)
	}
}
