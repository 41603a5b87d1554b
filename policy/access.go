package policy

import (
	"regexp"

	"github.com/headgate/headgate/policy/strict"
)

// Access is with whose credential a backend is asked.
type Access struct {
	Credentials []Credential // the gateway's, at most two; the second is the one rotated in
	FromCaller  bool         // the client's own passes, as it came
}

// fromCaller is how a policy says FromCaller.
const fromCaller = "caller"

var callerWord = regexp.MustCompile(`^` + fromCaller + `$`)

// access reads where the secrets of a backend are found, or that clients bring theirs. No fault
// of it quotes a value: it may be the secret itself, put where it does not belong.
var access = strict.Either(
	strict.As(strict.Text().Matching(callerWord, notASecret+"; "+nameThePlace+", or say caller: the client's own passes").Secret(),
		func(_ string, a *Access) { a.FromCaller = true },
		func(a *Access) (string, bool) { return fromCaller, a.FromCaller }),
	strict.As(credential,
		func(c Credential, a *Access) { a.Credentials = []Credential{c} },
		func(a *Access) (c Credential, ok bool) {
			if len(a.Credentials) != 1 {
				return c, false
			}
			return a.Credentials[0], true
		}),
	strict.As(credentials,
		func(all []Credential, a *Access) { a.Credentials = all },
		func(a *Access) ([]Credential, bool) { return a.Credentials, true }),
).InsteadOfText(notASecret, nameThePlace)

var credentials = strict.List(1, 2, credential).Check(func(r *strict.Reader, all []strict.Elem[Credential]) {
	if len(all) == 2 && all[0].Value == all[1].Value {
		r.Fault(all[1].At, "", "both credentials name the same place")
	}
})

// checkAccess refuses what means nothing where clients bring their credentials.
func checkAccess(r *strict.Reader, g *strict.Given, b *Backend) {
	if !b.FromCaller {
		return
	}
	for _, key := range []string{"without_credential", "auth_header", "auth_scheme", "organization", "project"} {
		if at, ok := g.At(key); ok {
			r.Fault(at, "leave it out", "the client's own credential passes as it came")
		}
	}
}
