package reference

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Metric is a metric that the code makes.
type Metric struct {
	Name   string
	Labels []string
	Kind   string // "counter", "gauge" or "histogram"
	File   string // that makes it, below the repository's root
}

// String is the metric as tables have it: name{labels}.
func (m Metric) String() string {
	if len(m.Labels) == 0 {
		return m.Name
	}
	return m.Name + "{" + strings.Join(m.Labels, ",") + "}"
}

// Metrics returns the metrics that the code below root makes, by their files. A name that is no
// literal is not found.
func Metrics(root string) (all []Metric, err error) {
	err = files(root, ".go", func(file string) error {
		if strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if m, ok := made(call); ok {
					m.File = file
					all = append(all, m)
				}
			}
			return true
		})
		return nil
	})
	return all, err
}

// files calls f for each file below root whose name ends so, by its path below root.
func files(root, suffix string, f func(file string) error) error {
	return filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && at != root:
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(at, suffix):
			return nil
		}
		below, err := filepath.Rel(root, at)
		if err != nil {
			return err
		}
		return f(filepath.ToSlash(below))
	})
}

// made is the metric that a call makes: with its options first, or of a Desc with its name.
func made(call *ast.CallExpr) (m Metric, ok bool) {
	f, _ := call.Fun.(*ast.SelectorExpr)
	if len(call.Args) == 0 {
		return m, false
	}
	if m.Name = named(call.Args[0], f != nil && f.Sel.Name == "NewDesc"); m.Name == "" {
		return m, false
	}
	m.Labels = labels(call.Args[1:])
	m.Kind = kind(f, m.Name)
	return m, true
}

// named is the name of a metric of Headgate's, in its options or as it is for a Desc;
// empty: e is something else.
func named(e ast.Expr, desc bool) string {
	if name, ok := e.(*ast.BasicLit); ok && desc {
		return ours(name)
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
			if v, ok := kv.Value.(*ast.BasicLit); ok {
				return ours(v)
			}
		}
	}
	return ""
}

// ours is the text of a literal that begins as the names of Headgate's metrics do.
func ours(lit *ast.BasicLit) string {
	if text := unquoted(lit); strings.HasPrefix(text, "headgate_") {
		return text
	}
	return ""
}

// labels are those that the call which makes a metric gives beside its options.
func labels(args []ast.Expr) (all []string) {
	for _, a := range args {
		if list, ok := a.(*ast.CompositeLit); ok {
			for _, e := range list.Elts {
				if lit, ok := e.(*ast.BasicLit); ok {
					all = append(all, unquoted(lit))
				}
			}
		}
	}
	return all
}

// kind is what a constructor of package prometheus makes. That of a Desc makes none: its name says
// what is counted.
func kind(constructor *ast.SelectorExpr, name string) string {
	for _, k := range []string{"Counter", "Gauge", "Histogram"} {
		if constructor != nil && strings.HasPrefix(constructor.Sel.Name, "New"+k) {
			return strings.ToLower(k)
		}
	}
	if strings.HasSuffix(name, "_total") {
		return "counter"
	}
	return "gauge"
}

func unquoted(lit *ast.BasicLit) string {
	s, _ := strconv.Unquote(lit.Value) // the parser has read it; a number is none
	return s
}

// Described is a metric's row on the page of a package.
type Described struct {
	Metric string // name{labels}
	What   string
	Page   string // below the repository's root
}

// row finds the metric in a table's row: | `name{labels}` | what |.
var row = regexp.MustCompile("(?m)^\\| `(headgate_[a-z_]+(?:\\{[a-z_,]+\\})?)` \\| (.*) \\|$")

// DescribedMetrics returns the rows of metrics on the packages' pages.
func DescribedMetrics(root string) (all []Described, err error) {
	err = files(root, "README.md", func(page string) error {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			return err
		}
		for _, m := range row.FindAllStringSubmatch(string(text), -1) {
			all = append(all, Described{m[1], m[2], page})
		}
		return nil
	})
	return all, err
}

const metricsPreface = `# Metrics

Everything that ` + "`/metrics`" + ` of the operations port shows, by the page that says more. Each process shows those of what it does: a pair's ext_proc those of ` + "`extproc`" + `, a control plane those of ` + "`xds`" + `, ` + "`headgate run`" + ` all. Labels have the names of the policy and words of closed sets, never what a client or a provider wrote. A counter whose description ends with ": 0" should stay so; [the runbook](runbook.md) says what to do about each that can go wrong. ` + written

// metricsPage lists the metrics by the pages of packages that describe them.
func metricsPage(root string) (string, error) {
	all, err := Metrics(root)
	if err != nil {
		return "", err
	}
	described, err := DescribedMetrics(root)
	if err != nil {
		return "", err
	}
	byPage := map[string]map[string][]string{} // rows by page and metric
	for _, m := range all {
		d, ok := description(m, described)
		if !ok {
			return "", fmt.Errorf("no page of a package has a row for %s", m)
		}
		if byPage[d.Page] == nil {
			byPage[d.Page] = map[string][]string{}
		}
		byPage[d.Page][m.String()] = []string{code(m.String()), m.Kind, relinked(d)}
	}
	var b strings.Builder
	b.WriteString(metricsPreface)
	for _, page := range slices.Sorted(maps.Keys(byPage)) {
		var rows [][]string
		for _, m := range slices.Sorted(maps.Keys(byPage[page])) {
			rows = append(rows, byPage[page][m])
		}
		fmt.Fprintf(&b, "\n## [%s](%s)\n\n", path.Dir(page), fromHere(page))
		table(&b, []string{"metric", "kind", "what it says"}, rows)
	}
	return b.String(), nil
}

// description is the row of a metric on the page that is nearest to the code that makes it.
func description(m Metric, all []Described) (d Described, ok bool) {
	nearest := -1
	for _, one := range all {
		if one.Metric != m.String() {
			continue
		}
		if near := shared(path.Dir(one.Page), path.Dir(m.File)); near > nearest {
			d, nearest, ok = one, near, true
		}
	}
	return d, ok
}

// shared is how many folders two paths begin with alike.
func shared(a, b string) (n int) {
	one, other := strings.Split(a, "/"), strings.Split(b, "/")
	for n < len(one) && n < len(other) && one[n] == other[n] {
		n++
	}
	return n
}

// link finds where a link in Markdown leads.
var link = regexp.MustCompile(`\]\(([^)]+)\)`)

// relinked is a description whose links lead on from the reference pages.
func relinked(d Described) string {
	return link.ReplaceAllStringFunc(d.What, func(l string) string {
		to := l[2 : len(l)-1]
		if strings.Contains(to, "://") {
			return l
		}
		return "](" + fromHere(path.Join(path.Dir(d.Page), to)) + ")"
	})
}

// fromHere is a path below the repository's root as a page of the reference links to it.
func fromHere(to string) string { return "../../../" + to }
