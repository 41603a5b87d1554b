package strict

import "go.yaml.in/yaml/v3"

// instead says what to report of a value of a wrong form, by that form.
type instead map[yaml.Kind]struct{ message, hint string }

// report reports a value that has none of the forms of its type.
func (i instead) report(r *Reader, at Place, t *Type) {
	say, ok := i[at.node.Kind]
	switch {
	case !ok || empty(at.node):
		r.wrong(at, "", t.want())
	case say.message == "":
		r.wrong(at, say.hint, t.want())
	default:
		r.Fault(at, say.hint, "%s", say.message)
	}
}
