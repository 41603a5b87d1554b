package app

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/journal"
)

var updateReadme = flag.Bool("update", false, "rewrite the tables in xds/console/README.md")

// TestReadmeListsTheAdminAPI holds that the page says of every route what the control
// plane serves, with the right that it takes.
func TestReadmeListsTheAdminAPI(t *testing.T) {
	const path = "../../../xds/console/README.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	routes := adminAPI(&administered{journal: &journal.Journal{}}).Routes()
	want := string(data)
	for name, table := range map[string]string{"routes": routesTable(routes), "failures": failuresTable(routes)} {
		begin, end := "<!-- "+name+": written by go test ./cmd/headgate/app -update -->\n", "<!-- end of "+name+" -->"
		head, rest, began := strings.Cut(want, begin)
		_, tail, ended := strings.Cut(rest, end)
		if !began || !ended {
			t.Fatalf("%s does not have the lines %q and %q", path, begin, end)
		}
		want = head + begin + table + end + tail
	}
	if *updateReadme {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("the tables are not those of the routes; -update rewrites them (-served +page):\n%s", diff)
	}
}

func routesTable(routes []console.Route) string {
	text := "| request | right | body | answer | failures of its own |\n|---|---|---|---|---|\n"
	for _, r := range routes {
		var fails []string
		for _, k := range r.Fails {
			fails = append(fails, "`"+k.Code+"`")
		}
		text += fmt.Sprintf("| `%s %s` | %s | %s | %s | %s |\n", r.Method, r.Path, r.Right, r.Body, r.Answer, strings.Join(fails, ", "))
	}
	return text
}

func failuresTable(routes []console.Route) string {
	all := console.Common()
	for _, r := range routes {
		for _, k := range r.Fails {
			if !slices.Contains(all, k) {
				all = append(all, k)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *console.Kind) int { return a.Status - b.Status })
	text := "| status | code | when |\n|---|---|---|\n"
	for _, k := range all {
		text += fmt.Sprintf("| %d | `%s` | %s |\n", k.Status, k.Code, k.When)
	}
	return text
}
