package extproc

import (
	"go/ast"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
)

// names are the values of the constants of exchange/outcome.go, by name.
func names(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	ast.Inspect(parsed(t, filepath.Join("exchange", "outcome.go")), func(n ast.Node) bool {
		if c, ok := n.(*ast.ValueSpec); ok && len(c.Names) == 1 && c.Type != nil {
			all[c.Names[0].Name] = strings.Trim(c.Values[0].(*ast.BasicLit).Value, `"`)
		}
		return true
	})
	return all
}

// made are the pairs of result and party that the data plane's code names beside each
// other: in an Outcome, or in a rule for Envoy's words.
func made(t *testing.T) map[[2]string]bool {
	t.Helper()
	values := names(t)
	pairs := map[[2]string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join("record", "ending.go")) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		ast.Inspect(parsed(t, file), func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			var result, party string
			for _, e := range lit.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					e = kv.Value
				}
				if s, ok := e.(*ast.SelectorExpr); ok {
					if strings.HasPrefix(s.Sel.Name, "By") {
						party = values[s.Sel.Name]
					} else if v, ok := values[s.Sel.Name]; ok {
						result = v
					}
				}
			}
			if result != "" && (party != "" || result == string(exchange.OK)) {
				pairs[[2]string{result, party}] = true
			}
			return true
		})
	}
	return pairs
}

// TestOutcomesAreThoseThatAreMade holds that exchange.Outcomes has every outcome that
// the code makes, once, and none that it does not make.
func TestOutcomesAreThoseThatAreMade(t *testing.T) {
	pairs := made(t)
	said := map[[2]string]bool{}
	for _, o := range exchange.Outcomes {
		pair := [2]string{string(o.Result), string(o.By)}
		if said[pair] || o.When == "" || !pairs[pair] {
			t.Errorf("%q: said twice, without a sentence, or never made", pair)
		}
		said[pair] = true
	}
	for pair := range pairs {
		if !said[pair] {
			t.Errorf("%q is made, and Outcomes does not say when", pair)
		}
	}
	if len(pairs) < 15 {
		t.Errorf("only %d outcomes were found: %v", len(pairs), slices.Collect(maps.Keys(pairs)))
	}
}
