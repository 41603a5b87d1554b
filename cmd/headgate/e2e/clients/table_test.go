package clients

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// table is what passed: a client with one of its APIs in each row.
type table []tableRow

type tableRow struct {
	Client   string           `json:"client"`
	Version  string           `json:"version"`
	API      string           `json:"api"`
	Features map[string]tally `json:"features"`
}

// tally counts the cases of a feature, each at each model.
type tally struct {
	Passed int `json:"passed"`
	Of     int `json:"of"`
}

// features are the columns, each with the beginnings of the names of its cases.
var features = []struct {
	name  string
	cases []string
}{
	{"plain", []string{"text"}},
	{"streamed", []string{"text_stream"}},
	{"tools", []string{"tools", "tools_stream"}},
	{"schema", []string{"structured", "structured_stream"}},
	{"image", []string{"image"}},
	{"error", []string{"not_found", "limited"}},
	{"cancel", []string{"cancel"}},
}

// apis are the names of what the first word of a case stands for.
var apis = map[string]string{
	"responses": "Responses", "chat": "chat completions", "compatible": "chat completions, openai-compatible", "messages": "Messages",
}

// featureOf returns the API and the feature of a case; "": none of the table's.
func featureOf(name string) (api, feature string) {
	words := strings.Fields(name)
	for _, f := range features {
		if slices.Contains(f.cases, words[1]) {
			return words[0], f.name
		}
	}
	return words[0], ""
}

// add counts what a client's script gave.
func (t *table) add(got played) {
	for name, models := range got.Cases {
		api, feature := featureOf(name)
		row := t.row(got, api)
		if feature == "" {
			continue
		}
		n := row.Features[feature]
		for _, result := range models {
			n.Of++
			if result == "ok" {
				n.Passed++
			}
		}
		row.Features[feature] = n
	}
}

// row returns the row of a client with an API, which it adds if there is none.
func (t *table) row(got played, api string) *tableRow {
	for i := range *t {
		if (*t)[i].Client == got.Client && (*t)[i].API == api {
			return &(*t)[i]
		}
	}
	*t = append(*t, tableRow{Client: got.Client, Version: got.Version, API: api, Features: map[string]tally{}})
	return &(*t)[len(*t)-1]
}

// String is the table in Markdown.
func (t *table) String() string {
	head, rule := "| client | speaks |", "|---|---|"
	for _, f := range features {
		head += " " + f.name + " |"
		rule += ":-:|"
	}
	lines := []string{head, rule}
	for _, row := range *t {
		line := fmt.Sprintf("| %s %s | %s |", row.Client, row.Version, apis[row.API])
		for _, f := range features {
			line += " " + row.Features[f.name].String() + " |"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n") + "\n"
}

// String is a dash if the client has no such feature, or it is not played.
func (n tally) String() string {
	switch {
	case n.Of == 0:
		return "–"
	case n.Passed == n.Of:
		return "✓"
	default:
		return fmt.Sprintf("%d of %d", n.Passed, n.Of)
	}
}

// sort orders rows by client, and those of one client by API.
func (t table) sort() {
	slices.SortFunc(t, func(a, b tableRow) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Client), strings.ToLower(b.Client)), strings.Compare(b.API, a.API))
	})
}

var (
	passedFile = filepath.Join("testdata", "links", "passed.json")
	readmeFile = filepath.Join(gatewaytest.Root(), "README.md")
)

const (
	tableBegins = "<!-- make clients writes this table -->\n"
	tableEnds   = "<!-- its end -->\n"
)

// readTable reads what was kept.
func readTable(tb testing.TB) (t table) {
	tb.Helper()
	text, err := os.ReadFile(passedFile)
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(text, &t); err != nil {
		tb.Fatal(err)
	}
	return t
}

// write keeps the table, and what is kept of clients that are not in it: a run may have
// played some only.
func (t *table) write(tb testing.TB) {
	tb.Helper()
	all := slices.Clone(*t)
	for _, row := range readTable(tb) {
		if !slices.ContainsFunc(*t, func(r tableRow) bool { return r.Client == row.Client && r.API == row.API }) {
			all = append(all, row)
		}
	}
	all.sort()
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(passedFile, append(text, '\n'), 0o644); err != nil {
		tb.Fatal(err)
	}
}

// withTable is the README with a table in place of its own.
func withTable(t testing.TB, table string) string {
	t.Helper()
	text, err := os.ReadFile(readmeFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("README.md has no place for the table: %t, %t", begins, ends)
	}
	return before + tableBegins + table + tableEnds + after
}

// TestReadmeSaysWhatPassed holds that the README's table of clients is what the last run
// of make clients gave.
func TestReadmeSaysWhatPassed(t *testing.T) {
	passed := readTable(t)
	if *update {
		if err := os.WriteFile(readmeFile, []byte(withTable(t, passed.String())), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	readme, err := os.ReadFile(readmeFile)
	if err != nil {
		t.Fatal(err)
	}
	if len(passed) == 0 || withTable(t, passed.String()) != string(readme) {
		t.Error("README.md has another table than testdata/links/passed.json: run make clients")
	}
}
