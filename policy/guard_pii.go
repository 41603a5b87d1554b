package policy

import (
	"regexp"

	"github.com/headgate/headgate/policy/strict"
)

// PIIGuard finds personal data of a fixed form.
type PIIGuard struct {
	GuardTerms
	Types []string // sorted; nil: the usual ones
}

var piiGuard = described[PIIGuard]{
	doc:    "Finds personal data that has a fixed form: numbers of cards, accounts and persons that pass their check digits, e-mail addresses, telephone numbers, IP addresses.",
	sample: `pii: {action: mask}`,
	object: strict.NewObject(append(
		guardTerms("pii", func(g *PIIGuard) *GuardTerms { return &g.GuardTerms }, GuardMask, GuardDeny, GuardFlag),
		strict.Bind("types", func(g *PIIGuard) *[]string { return &g.Types }, strict.List(1, 100, strict.Enum(PIITypes...))).Absent("those that are on by default").
			Doc("What to look for, by the types that headgate guard types lists.").
			Example(`types: [CREDIT_CARD, EMAIL_ADDRESS]`),
	)...),
}

// findingType is a type of what guards find, of a name that the policy or a service gives it.
var findingType = strict.Text().Matching(typeName, "a type is 2 to 40 upper-case letters, digits and _, a letter first")

var typeName = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,39}$`)
