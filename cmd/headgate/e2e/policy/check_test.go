package policy

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// revisionText is left out of the golden files: it changes with every key that a
// policy may have.
var revisionText = regexp.MustCompile(`\b[0-9a-f]{12}\b`)

func TestCheckPrints(t *testing.T) {
	t.Parallel()
	const chain, many, sound, faults = "testdata/check/chain.yaml", "testdata/check/many.yaml", "testdata/check/sound.yaml", "testdata/check/faults.yaml"
	for _, c := range []struct {
		golden string
		args   []string
		code   int
		stderr string
	}{
		{"chain.txt", []string{chain}, 0, ""},
		{"chain.json", []string{chain, "-o", "json"}, 0, ""},
		{"chain-hurried.txt", []string{chain, "--caller-timeout", "1m", "--concurrency", "5000"}, 0, ""},
		{"chain-quiet.txt", []string{chain, "-q"}, 0, ""},
		{"chain.txt", []string{chain, "--strict"}, 1, "headgate: " + chain + ": 4 warnings\n"},
		{"chain-quiet.txt", []string{chain, "-q", "--strict"}, 1, "headgate: " + chain + ": 4 warnings\n"},
		{"chain.json", []string{chain, "--strict", "-o", "json"}, 1, "headgate: " + chain + ": 4 warnings\n"},
		{"many.txt", []string{many}, 0, ""},
		{"many.txt", []string{many, "--strict"}, 1, "headgate: " + many + ": 2 warnings\n"},
		{"sound.txt", []string{sound, "--strict"}, 0, ""},
		{"sound.json", []string{sound, "-o", "json"}, 0, ""},
		{"faults.txt", []string{faults}, 1, "headgate: " + faults + ": 3 faults\n"},
		{"faults.txt", []string{faults, "-q"}, 1, "headgate: " + faults + ": 3 faults\n"},
		{"faults.json", []string{faults, "-o", "json"}, 1, "headgate: " + faults + ": 3 faults\n"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			stdout, stderr, code := gatewaytest.Run(t, append([]string{"check"}, c.args...)...)
			if code != c.code || stderr != c.stderr {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", code, c.code, stderr, c.stderr)
			}
			got := revisionText.ReplaceAllString(stdout, "REVISION")
			golden := filepath.Join("testdata", "check", c.golden)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s differs (-want +got):\n%s", golden, diff)
			}
		})
	}
}

func TestCheckRefusesFlags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, flags, says string }{
		{"no time at all", "--caller-timeout 0s", "--caller-timeout must be above 0"},
		{"a time without a unit", "--caller-timeout 600", "caller-timeout"},
		{"less than nothing", "--concurrency -1", "--concurrency must not be below 0"},
		{"an unknown output", "-o yaml", `--output must be text or json, is "yaml"`},
		{"quiet and json", "-q -o json", "none of the others can be"},
		{"two policies", "none.yaml", "accepts 1 arg"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"check", "testdata/check/sound.yaml"}, strings.Fields(c.flags)...)
			stdout, stderr, code := gatewaytest.Run(t, args...)
			if code != 2 || stdout != "" || !strings.Contains(stderr, c.says) {
				t.Errorf("exit code %d, stdout %q, stderr %q; want 2, nothing, %q", code, stdout, stderr, c.says)
			}
		})
	}
}

func TestCheckEndsWithACode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.yaml", "version: 1\nbackends: {s: {provider: simulated}}\nmodels: {m: s/gpt-4o-mini}\n")
	open := write("open.yaml", "version: 1\nlisten: 0.0.0.0:8080\nanonymous: true\nbackends: {s: {provider: simulated}}\nmodels: {m: s/gpt-4o-mini}\n")
	bad := write("bad.yaml", "version: 1\nbackends: {s: {provider: simulated, regin: eu}}\nmodels: {m: t/gpt-4o-mini}\n")
	for _, c := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr []string
	}{
		{"valid", []string{"check", good}, 0, []string{"good.yaml: valid", "1 model,", "1 backend"}, nil},
		{"beyond loopback, said twice", []string{"check", open}, 0, []string{"valid"}, nil},
		{"faults", []string{"check", bad}, 1, []string{"bad.yaml:2:", "regin", `"region"`, "bad.yaml:3:", `"t"`}, []string{"2 faults"}},
		{"no such file", []string{"check", filepath.Join(dir, "none.yaml")}, 2, nil, []string{"none.yaml"}},
		{"no file named", []string{"check"}, 2, nil, []string{"arg"}},
		{"unknown command", []string{"chekc"}, 2, nil, []string{"chekc"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := gatewaytest.Run(t, c.args...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for text, says := range map[string][]string{stdout: c.stdout, stderr: c.stderr} {
				for _, want := range says {
					if !strings.Contains(text, want) {
						t.Errorf("%q is not in %q", want, text)
					}
				}
			}
		})
	}
}
