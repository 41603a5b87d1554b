package circuit

import "github.com/headgate/headgate/policy"

// Account is what pairs call the account of a use.
func Account(u policy.Use) string { return KeyOf(u).account() }

// MaxAsked bounds the circuits of names that clients choose.
const MaxAsked = maxAsked
