package reference

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// lists are the headers of the page by its sections.
var lists = [][]Header{Asked, Attributes, Answered, Reserved, Elsewhere}

// on reports whether a section of the page has a header, or all of them.
func on(sections [][]Header, name string) bool {
	return slices.ContainsFunc(sections, func(all []Header) bool {
		return slices.ContainsFunc(all, func(h Header) bool { return strings.EqualFold(h.Name, name) })
	})
}

// TestPageHasEveryHeaderOfTheGateway holds that a header of Headgate's own that the code writes
// out, or makes of the prefix, is on the page.
func TestPageHasEveryHeaderOfTheGateway(t *testing.T) {
	t.Parallel()
	found := 0
	for _, folder := range []string{"extproc/", "policy/", "xds/", "cmd/headgate/app/"} {
		parsed(t, folder, func(file string, p *ast.File) {
			if strings.Contains(file, "test/") {
				return
			}
			for _, name := range ownHeaders(p) {
				found++
				if !on(lists, name) {
					t.Errorf("%s has the header %s, which the page does not have", file, name)
				}
			}
		})
	}
	if found < 20 {
		t.Errorf("only %d headers were found", found)
	}
}

// ownHeaders are the headers of Headgate's own that a file writes out: whole, or after the prefix.
// Those after InternalPrefix are one row of the page.
func ownHeaders(file *ast.File) (all []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text := strings.ToLower(unquoted(n)); strings.HasPrefix(text, policy.HeaderPrefix) && text != policy.HeaderPrefix && !strings.ContainsAny(text, " %") {
				all = append(all, text)
			}
		case *ast.BinaryExpr:
			prefix, isName := n.X.(*ast.Ident)
			if rest, ok := n.Y.(*ast.BasicLit); ok && isName && prefix.Name == "HeaderPrefix" && unquoted(rest) != "int-" {
				all = append(all, policy.HeaderPrefix+unquoted(rest))
			}
		}
		return true
	})
	return all
}

// TestPageHasWhatPassesAndWhatDoesNot compares the page with the lists by which headers pass.
func TestPageHasWhatPassesAndWhatDoesNot(t *testing.T) {
	t.Parallel()
	for _, name := range literals(valueOf(t, "extproc/provider/headers.go", "passes")) {
		if !on([][]Header{Asked}, name) {
			t.Errorf("%s passes to providers, and the page does not have it among those of requests", name)
		}
	}
	if diff := cmp.Diff(literals(valueOf(t, "extproc/provider/headers.go", "hides")), Hidden); diff != "" {
		t.Errorf("headers of providers that clients do not get: (-code +page)\n%s", diff)
	}
}

// TestPageHasWhatIsAskedForRows compares the page with the headers that are read for rows.
func TestPageHasWhatIsAskedForRows(t *testing.T) {
	t.Parallel()
	var read []string
	for _, list := range []string{"userHeaders", "teamHeaders", "featureHeaders", "sessionHeaders", "tagHeaders", "jsonHeaders"} {
		read = append(read, literals(valueOf(t, "extproc/exchange/attribution.go", list))...)
	}
	var page []string
	for _, h := range Attributes {
		if h.Name != "helicone-property-NAME" {
			page = append(page, h.Name)
		}
	}
	if diff := cmp.Diff(read, page); diff != "" {
		t.Errorf("(-code +page)\n%s", diff)
	}
}

// TestPageHasWhatIsLeftOfQuotas holds that the page has the headers that say what is left.
func TestPageHasWhatIsLeftOfQuotas(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"dialects", "openAI"} {
		for _, name := range literals(valueOf(t, "extproc/limit/headers.go", variable)) {
			if strings.Contains(name, "ratelimit") && !on([][]Header{Answered}, name) {
				t.Errorf("the page does not have %s among those of answers", name)
			}
		}
	}
}
