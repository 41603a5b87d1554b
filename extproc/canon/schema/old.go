package schema

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

// mayBeOld reports whether a schema may have a keyword in a form of an older JSON
// Schema, or an array without items. It costs less than to look.
func mayBeOld(v scan.Value) bool {
	return bytes.Contains(v, []byte(`"array"`)) || bytes.Contains(v, []byte(`"exclusiveM`)) || bytes.Contains(v, []byte(`"items"`))
}

// renew gives keywords the form that they have since draft 2020-12. Anthropic refuses
// the older ones ("JSON schema is invalid. It must match JSON Schema draft 2020-12").
func renew(o *object) {
	if items := o.get("items"); items.Kind() == scan.Array {
		o.rename("items", prefixItems, items)
		if more := o.get("additionalItems"); more != nil {
			o.rename("additionalItems", "items", more)
		}
	}
	renewBound(o, "exclusiveMinimum", "minimum")
	renewBound(o, "exclusiveMaximum", "maximum")
}

// renewBound makes one bound of a bound and a flag that says whether it is excluded.
func renewBound(o *object, flag, bound string) {
	v := o.get(flag)
	if v.Kind() != scan.Bool {
		return
	}
	if n := o.get(bound); v.True() && n != nil {
		o.remove(flag)
		o.rename(bound, flag, n)
		return
	}
	o.remove(flag)
}

// current gives each schema in a schema today's forms, and arrays items of any kind if
// they say none.
func (f *fitter) current(v scan.Value, depth int) scan.Value {
	if v.Kind() != scan.Object || depth > maxNesting {
		return v
	}
	o := parse(v)
	renew(&o)
	for i := range o {
		o[i].value = each(o[i].name, o[i].value, func(v scan.Value, _ string) scan.Value { return f.current(v, depth+1) })
	}
	if f.s.NeedsItems && typeIs(o.get("type"), "array") && o.get("items") == nil {
		o.set("items", scan.Value(`{}`))
	}
	return o.encode()
}
