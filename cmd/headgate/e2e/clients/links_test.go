package clients

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

var update = flag.Bool("update", false, "write what passed to testdata/links/passed.json, if HEADGATE_CLIENTS is set, and from there to README.md")

// TestClientsAtEveryLink plays the clients that people use against the chains of
// examples/fallback, once for each link that is asked first. HEADGATE_CLIENTS names the
// folder into which make clients installs the frameworks and agents among them; without
// it the SDKs play.
func TestClientsAtEveryLink(t *testing.T) {
	t.Parallel()
	s := startLinks(t)
	var passed table
	for _, p := range players() {
		t.Run(p.script, func(t *testing.T) {
			got := p.play(t, s)
			passed.add(got)
			judgeResults(t, got.Cases)
			s.checkCancelled(t, got.Cases)
		})
	}
	passed.sort()
	t.Logf("what passed:\n%s", passed.String())
	if *update && os.Getenv("HEADGATE_CLIENTS") != "" {
		passed.write(t)
	}
}

func judgeResults(t *testing.T, all map[string]map[string]string) {
	t.Helper()
	if len(all) == 0 {
		t.Error("no case was played")
	}
	for name, models := range all {
		for model, got := range models {
			if got != "ok" {
				t.Errorf("%s at %s: %s", name, model, got)
			}
		}
	}
}

// checkCancelled holds that the provider was let go of each time that a client read no
// further: it would stand still for ever. Some clients ask for more about a question that
// they give up, such as its title, which they get.
func (s *links) checkCancelled(t *testing.T, all map[string]map[string]string) {
	t.Helper()
	want, got := 0, 0
	for name, models := range all {
		if strings.HasSuffix(name, " cancel") {
			want += len(models)
		}
	}
	for _, served := range s.provider.With(t).Settled() {
		if strings.Contains(string(served.Body), s.Mark) && served.Ended == sim.EndedHung {
			got++
		}
	}
	if got < want {
		t.Errorf("%d answers of the provider were left, want %d", got, want)
	}
}

// copyScripts puts the scripts for Node beside the packages that they import, and returns
// the folder.
func copyScripts(t *testing.T, packages string) string {
	t.Helper()
	folder := t.TempDir()
	all, err := filepath.Glob(filepath.Join("testdata", "links", "*.mjs"))
	if err != nil || len(all) == 0 {
		t.Fatalf("%v, %d scripts", err, len(all))
	}
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(path)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(packages, "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return folder
}

// python is the interpreter of the folder below HEADGATE_CLIENTS, or that of the tests.
func python(t *testing.T, folder string) string {
	t.Helper()
	if folder == "" {
		return gatewaytest.Python(t)
	}
	return filepath.Join(os.Getenv("HEADGATE_CLIENTS"), folder, "bin", "python")
}
