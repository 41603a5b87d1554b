package policy

import (
	"regexp"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// Credential says where a secret is found. A Set never holds the secret itself.
type Credential struct {
	Env  string // name of an environment variable
	File string // path of a file, read again when it changes
}

var credential = strict.NewObject(
	strict.Bind("env", func(c *Credential) *string { return &c.Env }, strict.Text().Matching(envName, envRule).Secret()).
		Doc("Name of the environment variable that holds the secret.").
		Example(`env: OPENAI_API_KEY`),
	strict.Bind("file", func(c *Credential) *string { return &c.File }, strict.Text().Matching(absolutePath, pathRule).Secret()).
		Doc("Absolute path of the file that holds the secret. It is read again when it changes.").
		Example(`file: /run/secrets/openai`),
).OneKey().Secret().InsteadOfText(notASecret, nameThePlace).Check(func(r *strict.Reader, g *strict.Given, c *Credential) {
	r.Note(noted{*c, g.Place()})
})

// noted is a credential and the place where it stands.
type noted struct {
	credential Credential
	at         strict.Place
}

// PlacedCredential is a credential of a policy, whose it is, and where it is named.
type PlacedCredential struct {
	Credential
	Backend *Backend
	Header  bool // it is the value of a further header: nothing can take its place
	at      strict.Place
}

// Fault returns a fault of the credential.
func (c PlacedCredential) Fault(message, hint string) Fault { return c.at.Fault(message, hint) }

// Credentials returns the credentials of a policy in the order of its files. It reads the
// policy as ParseFiles does, with the same errors: places are no part of a Set, which means
// the same wherever it was written.
func Credentials(files []File) ([]PlacedCredential, error) {
	c, faults := compile(files, reading{maxBytes: MaxDocument})
	if len(faults) > 0 {
		return nil, strict.NewFaults(files, faults)
	}
	var all []PlacedCredential
	for _, n := range strict.Notes[noted](c.Reader) {
		for name, b := range c.doc.Backends {
			if key, ok := strings.CutPrefix(n.at.Path(), strict.Join("backends", name)+"."); ok {
				all = append(all, PlacedCredential{n.credential, b, !strings.HasPrefix(key, "credential"), n.at})
			}
		}
	}
	return all, nil
}

const (
	notASecret   = "secrets do not belong in the policy"
	nameThePlace = "name the place instead: {env: NAME} or {file: PATH}"
)

var (
	envName      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	absolutePath = regexp.MustCompile(`^/[!-~][ -~]{0,998}$`)
)

const (
	envRule  = "expected the name of an environment variable: letters, digits and underscores, no digit first"
	pathRule = "expected an absolute path of at most 1000 printable ASCII characters"
)
