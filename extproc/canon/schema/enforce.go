package schema

import "github.com/headgate/headgate/extproc/scan"

// Enforced is a schema as a server takes it that can be held to one.
type Enforced struct {
	OK     bool
	Schema scan.Value
	Strict bool // the server enforces it; else the model is only shown it
	Losses []string
	Fault  Fault // why it does not fit, or is not strict although that is asked for
}

var noArguments = scan.Value(`{"type":"object"}`)

// Enforce makes a schema fit: by strict if it is to be enforced and can be, else by shown.
// No schema fits as none, unless it is to be enforced.
func Enforce(v scan.Value, enforce bool, strict, shown *Subset) Enforced {
	if v == nil && !enforce {
		return Enforced{OK: true}
	}
	if v == nil {
		v = noArguments
	}
	var why Fault
	if enforce {
		f := Fit(v, strict)
		if f.OK {
			return Enforced{OK: true, Schema: f.Schema, Strict: true, Losses: f.Losses}
		}
		why = f.Fault
	}
	f := Fit(v, shown)
	if !f.OK {
		why = f.Fault
	}
	return Enforced{OK: f.OK, Schema: f.Schema, Losses: f.Losses, Fault: why}
}
