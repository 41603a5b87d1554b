package policy

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
)

// Grant is what an operator lets policies have Headgate read, whatever they use it for, or towards
// one origin only. The zero value grants nothing.
type Grant struct {
	text  string // as it was written
	all   bool
	env   string
	file  string // ends with a slash: what is below a folder
	toURL string // origin; empty: wherever
}

// GrantAll is the text of a grant of everything.
const GrantAll = "all"

// String returns the grant as it was written.
func (g Grant) String() string { return g.text }

// ParseGrant reads a grant: env:NAME, file:PATH, or file:FOLDER/ for what is below a folder, each
// with =ORIGIN after it if it may go there only, as in env:OPENAI_API_KEY=https://api.openai.com;
// or all.
func ParseGrant(text string) (Grant, error) {
	if text == GrantAll {
		return Grant{text: text, all: true}, nil
	}
	g := Grant{text: text}
	what, err := g.cutOrigin(text)
	if err != nil {
		return Grant{}, err
	}
	kind, name, _ := strings.Cut(what, ":")
	switch {
	case kind == "env" && envName.MatchString(name):
		g.env = name
	case kind == "file" && absolutePath.MatchString(name):
		g.file = name
	default:
		return Grant{}, errors.New("must be env:NAME, file:PATH with an absolute path, or all")
	}
	return g, nil
}

// cutOrigin takes the origin from the end of a grant, and returns what is before it.
func (g *Grant) cutOrigin(text string) (string, error) {
	i := strings.LastIndex(text, "=http")
	if i < 0 {
		return text, nil
	}
	u, err := url.Parse(text[i+1:])
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" {
		return "", fmt.Errorf("after = must stand an origin such as https://api.openai.com")
	}
	g.toURL = Origin(u)
	return text[:i], nil
}

// covers reports whether a reference is granted.
func (g Grant) covers(r Reference) bool {
	switch {
	case g.all:
		return true
	case g.toURL != "" && g.toURL != r.For:
		return false
	case r.Env != "":
		return g.env == r.Env
	case strings.HasSuffix(g.file, "/"):
		return strings.HasPrefix(path.Clean(r.File), g.file)
	}
	return g.file != "" && g.file == r.File
}

// Grants are what operators let policies have Headgate read.
type Grants []Grant

// ParseGrants reads several grants.
func ParseGrants(texts []string) (Grants, error) {
	var all Grants
	for _, text := range texts {
		g, err := ParseGrant(text)
		if err != nil {
			return nil, fmt.Errorf("%q %w", text, err)
		}
		all = append(all, g)
	}
	return all, nil
}

// Beyond returns the references of a policy that are not granted, and that no policy of an
// operator's files makes for the same use; the files' policy may be nil.
func (g Grants) Beyond(set, files *Set) (beyond []Reference) {
	made := map[Reference]bool{}
	if files != nil {
		for _, r := range files.References() {
			made[r.use()] = true
		}
	}
	for _, r := range set.References() {
		if !made[r.use()] && !g.cover(r) {
			beyond = append(beyond, r)
		}
	}
	return beyond
}

func (g Grants) cover(r Reference) bool {
	for _, one := range g {
		if one.covers(r) {
			return true
		}
	}
	return false
}

// Fault returns why a policy may not make a reference that is beyond what operators grant: who has
// it read, and the flag that grants it.
func (r Reference) Fault() Fault {
	grant := r.String()
	to := "as " + r.For
	if strings.Contains(r.For, "://") {
		to = "towards " + r.For
		grant += "=" + r.For
	}
	return Fault{
		Path: r.Path, Message: fmt.Sprintf("%s may not be used %s: no policy file of this process does so, and no flag allows it", r, to),
		Hint: "start with --allow " + grant + ", or use it so in the policy file",
	}
}
