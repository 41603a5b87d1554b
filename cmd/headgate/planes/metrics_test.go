package planes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
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
	all := map[string]bool{}
	files(t, ".go", func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			f, _ := call.Fun.(*ast.SelectorExpr)
			if name := named(call.Args[0], f != nil && f.Sel.Name == "NewDesc"); name != "" {
				all[name+labels(call.Args[1:])] = true
			}
			return true
		})
	})
	return all
}

// named is the name of a metric of Headgate's, in its options or as it is for a Desc;
// empty: e is something else.
func named(e ast.Expr, desc bool) string {
	if name, ok := e.(*ast.BasicLit); ok && desc && strings.HasPrefix(name.Value, `"headgate_`) {
		return unquoted(name)
	}
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return ""
	}
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Name" {
			if v, ok := kv.Value.(*ast.BasicLit); ok && strings.HasPrefix(v.Value, `"headgate_`) {
				return unquoted(v)
			}
		}
	}
	return ""
}

// labels are the labels that the call which makes a metric gives beside its options.
func labels(args []ast.Expr) string {
	var all []string
	for _, a := range args {
		if list, ok := a.(*ast.CompositeLit); ok {
			for _, e := range list.Elts {
				all = append(all, unquoted(e.(*ast.BasicLit)))
			}
		}
	}
	if all == nil {
		return ""
	}
	return "{" + strings.Join(all, ",") + "}"
}

func unquoted(lit *ast.BasicLit) string {
	s, _ := strconv.Unquote(lit.Value) // the parser has read it
	return s
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
