package canon

import "github.com/headgate/headgate/extproc/scan"

// HasText reports whether a value holds a string that is not empty, itself or within,
// other than in its own member of a name.
func HasText(v scan.Value, except string) bool {
	switch v.Kind() {
	case scan.String:
		return !Empty(v)
	case scan.Object:
		for m := v.Fields(); m.Next(); {
			if string(m.Key()) != except && HasText(m.Value(), "") {
				return true
			}
		}
	case scan.Array:
		for e := v.Elements(); e.Next(); {
			if HasText(e.Value(), "") {
				return true
			}
		}
	case scan.Number, scan.Bool, scan.Null, scan.Invalid:
	}
	return false
}
