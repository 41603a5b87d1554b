package reference

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
)

// root is the repository.
const root = "../../.."

// parsed parses the files of the code whose paths below the root begin so, but tests.
func parsed(t *testing.T, prefix string, f func(file string, parsed *ast.File)) {
	t.Helper()
	err := files(root, ".go", func(file string) error {
		if !strings.HasPrefix(file, prefix) || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		p, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
		if err == nil {
			f(file, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// literals are the texts that the code below a node writes out.
func literals(n ast.Node) (all []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			all = append(all, unquoted(lit))
		}
		return true
	})
	return all
}

// valueOf is what a variable of a file is set to.
func valueOf(t *testing.T, path, name string) (value ast.Node) {
	t.Helper()
	parsed(t, path, func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && spec.Names[0].Name == name {
				value = spec.Values[0]
			}
			return true
		})
	})
	if value == nil {
		t.Fatalf("%s has no variable %s", path, name)
	}
	return value
}

// TestDenialsAreAllReasons holds that each reason of the code is described once, with the statuses
// with which the code denies for it.
func TestDenialsAreAllReasons(t *testing.T) {
	t.Parallel()
	described := map[string]exchange.Denial{}
	for _, d := range exchange.Denials {
		if _, twice := described[string(d.Reason)]; twice {
			t.Errorf("%s is described twice", d.Reason)
		}
		described[string(d.Reason)] = d
	}
	reasons := reasonsOf(t)
	for name, code := range reasons {
		if _, ok := described[code]; !ok {
			t.Errorf("exchange.Denials has nothing of %s (%s)", name, code)
		}
		delete(described, code)
	}
	for code := range described {
		t.Errorf("no reason is %s", code)
	}
	parsed(t, "extproc/", func(file string, p *ast.File) {
		ast.Inspect(p, func(n ast.Node) bool {
			status, reason := denied(n)
			if status == 0 || reasons[reason] == "" {
				return true
			}
			for _, d := range exchange.Denials {
				if string(d.Reason) == reasons[reason] && d.Statuses != nil && !slices.Contains(d.Statuses, status) {
					t.Errorf("%s denies for %s with %d, of which exchange.Denials does not know", file, d.Reason, status)
				}
			}
			return true
		})
	})
}

// reasonsOf are the reasons for denials by the names of their constants.
func reasonsOf(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	parsed(t, "extproc/exchange/verdict.go", func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Reason" {
				all[spec.Names[0].Name] = literals(spec)[0]
			}
			return true
		})
	})
	if len(all) < 40 {
		t.Fatalf("only %d reasons were found: %v", len(all), all)
	}
	return all
}

// denied is the status, and the name of the reason, that a call of Denied writes out; 0: n is none.
func denied(n ast.Node) (status int, reason string) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 3 {
		return 0, ""
	}
	lit, isNumber := call.Args[0].(*ast.BasicLit)
	name, isReason := call.Args[1].(*ast.SelectorExpr)
	if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Denied" || !isNumber || !isReason {
		return 0, ""
	}
	for _, d := range lit.Value {
		status = status*10 + int(d-'0')
	}
	return status, name.Sel.Name
}

// TestLocalRepliesAreEnvoys holds that the page has the codes of Envoy's own answers, and no others.
func TestLocalRepliesAreEnvoys(t *testing.T) {
	t.Parallel()
	written := map[string]bool{}
	parsed(t, "policy/names.go", func(_ string, file *ast.File) { // some codes are constants
		for _, text := range literals(file) {
			written[text] = true
		}
	})
	parsed(t, "xds/snapshot/localreply.go", func(_ string, file *ast.File) {
		for _, text := range literals(file) {
			written[text] = true
		}
		for code := range codesOf(file) {
			if !knownCode(code) {
				t.Errorf("the page of errors does not have Envoy's code %q", code)
			}
		}
	})
	for _, r := range localReplies {
		if !written[r.Code] {
			t.Errorf("no answer of Envoy's has the code %q", r.Code)
		}
	}
}

// codesOf are the codes of the refusals that a file writes out: the fifth text of each.
func codesOf(file *ast.File) map[string]bool {
	codes := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.CompositeLit); ok && len(lit.Elts) == 7 {
			if text, ok := lit.Elts[4].(*ast.BasicLit); ok {
				codes[unquoted(text)] = true
			}
		}
		return true
	})
	return codes
}

// knownCode reports whether the page of errors has a code.
func knownCode(code string) bool {
	return slices.ContainsFunc(localReplies, func(r localReply) bool { return r.Code == code }) ||
		slices.ContainsFunc(exchange.Denials, func(d exchange.Denial) bool { return string(d.Reason) == code })
}
