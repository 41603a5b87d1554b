package sim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// Script is a list of rules. The first rule that matches a request and is not
// used up gives the request its behaviour; directives in the request overwrite
// single keys of it.
type Script []Rule

// Rule says how requests that match are answered.
type Rule struct {
	Match Match
	Times int // how many requests it answers; 0: any number
	Do    Behaviour
}

// Match says which requests a rule is for. Empty fields match everything. Model, Host,
// Path, Key and header values may contain "*" for any text.
type Match struct {
	Model  string // without its directive suffix
	Host   string // the address that it was sent to
	Path   string
	Key    string // the credential as it was sent
	Nth    int    // only the nth request that matches the rest, from 1
	Header map[string]string
}

// book is a script in use: it remembers how often its rules matched.
type book struct {
	mu    sync.Mutex
	rules Script
	seen  []int
	used  []int
}

func (b *book) replace(s Script) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = append(Script(nil), s...)
	b.seen, b.used = make([]int, len(s)), make([]int, len(s))
}

// find returns the behaviour of the rule for a request and counts it as used.
func (b *book) find(r *http.Request, model, key string) Behaviour {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.rules {
		rule := &b.rules[i]
		if !rule.Match.fits(r, model, key) {
			continue
		}
		b.seen[i]++
		if rule.Match.Nth != 0 && rule.Match.Nth != b.seen[i] || rule.Times != 0 && b.used[i] >= rule.Times {
			continue
		}
		b.used[i]++
		return rule.Do
	}
	return Behaviour{}
}

func (m *Match) fits(r *http.Request, model, key string) bool {
	if !glob(m.Model, model) || !glob(m.Host, r.Host) || !glob(m.Path, r.URL.Path) || !glob(m.Key, key) {
		return false
	}
	for name, want := range m.Header {
		if len(r.Header.Values(name)) == 0 || !glob(want, r.Header.Get(name)) {
			return false
		}
	}
	return true
}

// glob matches text against a pattern in which "*" is any text. An empty
// pattern matches everything.
func glob(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, parts[last])
}

// ParseScript reads a script in YAML, strictly. The error names every fault as
// name:line:column. An empty document is an empty script.
func ParseScript(name string, data []byte) (Script, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	p := scriptParser{name: name}
	var script Script
	p.mapping(doc.Content[0], "", map[string]func(*yaml.Node, string){
		"rules": func(n *yaml.Node, at string) {
			if n.Kind != yaml.SequenceNode {
				p.fault(n, at, "want a list")
				return
			}
			for i, item := range n.Content {
				script = append(script, p.rule(item, fmt.Sprintf("%s[%d]", at, i)))
			}
		},
	})
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	return script, nil
}

type scriptParser struct {
	name   string
	faults []error
}

func (p *scriptParser) fault(n *yaml.Node, at, format string, args ...any) {
	if at != "" {
		at += ": "
	}
	p.faults = append(p.faults, fmt.Errorf("%s:%d:%d: %s%s", p.name, n.Line, n.Column, at, fmt.Sprintf(format, args...)))
}

// mapping calls the field's function for each entry of n.
func (p *scriptParser) mapping(n *yaml.Node, at string, fields map[string]func(*yaml.Node, string)) {
	p.entries(n, at, func(k, v *yaml.Node, path string) {
		f := fields[k.Value]
		if f == nil {
			p.fault(k, path, "unknown key")
			return
		}
		f(v, path)
	})
}

// entries calls f for each entry of a mapping; a name that comes twice is a fault.
func (p *scriptParser) entries(n *yaml.Node, at string, f func(k, v *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		p.fault(n, at, "want a mapping")
		return
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		path := strings.TrimPrefix(at+"."+k.Value, ".")
		if seen[k.Value] {
			p.fault(k, path, "given twice")
			continue
		}
		seen[k.Value] = true
		f(k, v, path)
	}
}

func (p *scriptParser) rule(n *yaml.Node, at string) Rule {
	var r Rule
	does := false
	p.mapping(n, at, map[string]func(*yaml.Node, string){
		"match": func(n *yaml.Node, at string) { r.Match = p.match(n, at) },
		"times": func(n *yaml.Node, at string) { p.number(n, at, &r.Times) },
		"do":    func(n *yaml.Node, at string) { does = true; r.Do = p.behaviour(n, at) },
	})
	if !does && n.Kind == yaml.MappingNode {
		p.fault(n, at, "do is missing")
	}
	return r
}

func (p *scriptParser) match(n *yaml.Node, at string) Match {
	var m Match
	p.mapping(n, at, map[string]func(*yaml.Node, string){
		"model": func(n *yaml.Node, at string) { p.text(n, at, &m.Model) },
		"host":  func(n *yaml.Node, at string) { p.text(n, at, &m.Host) },
		"path":  func(n *yaml.Node, at string) { p.text(n, at, &m.Path) },
		"key":   func(n *yaml.Node, at string) { p.text(n, at, &m.Key) },
		"nth":   func(n *yaml.Node, at string) { p.number(n, at, &m.Nth) },
		"header": func(n *yaml.Node, at string) {
			m.Header = map[string]string{}
			p.entries(n, at, func(k, v *yaml.Node, path string) {
				var value string
				p.text(v, path, &value)
				m.Header[k.Value] = value
			})
		},
	})
	return m
}

func (p *scriptParser) text(n *yaml.Node, at string, to *string) {
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		p.fault(n, at, "want a text")
		return
	}
	*to = n.Value
}

func (p *scriptParser) number(n *yaml.Node, at string, to *int) {
	if n.Kind != yaml.ScalarNode {
		p.fault(n, at, "want a number")
	} else if err := wire.SetInt(to, n.Value, 1, 1<<30); err != nil {
		p.fault(n, at, "%v", err)
	}
}

// behaviour reads a mapping of directive keys, or a directive as one text.
func (p *scriptParser) behaviour(n *yaml.Node, at string) Behaviour {
	var b Behaviour
	before := len(p.faults)
	if n.Kind == yaml.ScalarNode && n.Value != "" {
		if err := b.Apply(n.Value, ' '); err != nil {
			p.fault(n, at, "%v", err)
		}
	} else {
		p.entries(n, at, func(k, v *yaml.Node, path string) {
			if v.Kind != yaml.ScalarNode {
				p.fault(v, path, "want a single value")
			} else if err := b.Set(k.Value, v.Value); err != nil {
				p.fault(k, at, "%v", err)
			}
		})
	}
	if len(p.faults) == before {
		if err := b.Validate(); err != nil {
			p.fault(n, at, "%v", err)
		}
	}
	return b
}
