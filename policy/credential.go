package policy

import (
	"regexp"

	"github.com/headgate/headgate/policy/strict"
)

// Credential says where a secret is found. A Set never holds the secret itself.
type Credential struct {
	Env  string // name of an environment variable
	File string // path of a file, read again when it changes
}

// credentials reads where the secrets of a backend are found. No fault of it quotes a
// value: it may be the secret itself, put where it does not belong.
var credentials = strict.OneOrList(credential, strict.List(1, 2, credential).Check(func(r *strict.Reader, all []strict.Elem[Credential]) {
	if len(all) == 2 && all[0].Value == all[1].Value {
		r.Fault(all[1].At, "", "both credentials name the same place")
	}
})).InsteadOfText(notASecret, nameThePlace)

var credential = strict.NewObject(
	strict.Bind("env", func(c *Credential) *string { return &c.Env }, strict.Text().Matching(envName, envRule).Secret()).
		Doc("Name of the environment variable that holds the secret.").
		Example(`env: OPENAI_API_KEY`),
	strict.Bind("file", func(c *Credential) *string { return &c.File }, strict.Text().Matching(absolutePath, pathRule).Secret()).
		Doc("Absolute path of the file that holds the secret. It is read again when it changes.").
		Example(`file: /run/secrets/openai`),
).OneKey().Secret().InsteadOfText(notASecret, nameThePlace)

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
