package policy

import "github.com/headgate/headgate/policy/strict"

// SecretsGuard finds keys and tokens.
type SecretsGuard struct {
	GuardTerms
	Types []string // nil: the usual ones
}

var secretsGuard = described[SecretsGuard]{
	doc:    "Finds keys and tokens of known services, private keys and addresses with a password in them.",
	sample: `secrets: {action: deny}`,
	object: strict.NewObject(append(
		guardTerms("secrets", func(g *SecretsGuard) *GuardTerms { return &g.GuardTerms }, GuardMask, GuardDeny, GuardFlag),
		strict.Bind("types", func(g *SecretsGuard) *[]string { return &g.Types }, strict.List(1, 100, strict.Enum(SecretTypes...))).Absent("those that are on by default").
			Doc("What to look for, by the types that headgate guard types lists.").
			Example(`types: [AWS_ACCESS_KEY]`),
	)...),
}
