package planes

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/reference"
)

// root is the repository.
const root = "../../.."

// files calls f for each file of the repository whose name ends so.
func files(t *testing.T, suffix string, f func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root:
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(path, suffix):
			f(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// registered are the metrics that the code makes, with their labels: name{a,b}.
func registered(t *testing.T) map[string]bool {
	t.Helper()
	made, err := reference.Metrics(root)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, m := range made {
		all[m.String()] = true
	}
	return all
}

// row finds the metric in a table's row: | `name{labels}` | what |.
var row = regexp.MustCompile("(?m)^\\| `(headgate_[a-z_]+(?:\\{[a-z_,]+\\})?)` \\|")

// mention finds a metric anywhere else on a page.
var mention = regexp.MustCompile("`(headgate_[a-z_]+)[`{]")

// TestPagesHaveEveryMetric holds that each metric has its row, labels included, on a
// page, and that no page names one that is not there.
func TestPagesHaveEveryMetric(t *testing.T) {
	made := registered(t)
	if len(made) < 20 {
		t.Fatalf("only %d metrics were found: %v", len(made), made)
	}
	var names []string
	for m := range made {
		name, _, _ := strings.Cut(m, "{")
		names = append(names, name)
	}
	rows := map[string]bool{}
	files(t, "README.md", func(path string) {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range row.FindAllStringSubmatch(string(page), -1) {
			rows[m[1]] = true
			if !made[m[1]] {
				t.Errorf("%s: no metric is %s", path, m[1])
			}
		}
		for _, m := range mention.FindAllStringSubmatch(string(page), -1) {
			if !slices.Contains(names, m[1]) && m[1] != "headgate_extproc" { // Envoy's cluster
				t.Errorf("%s: no metric is called %s", path, m[1])
			}
		}
	})
	for m := range made {
		if !rows[m] {
			t.Errorf("no page has a row for %s", m)
		}
	}
}
