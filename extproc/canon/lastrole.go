package canon

import "bytes"

// LastRole returns the role of the last message of a body, by the last member of that
// name that is a text: a schema may have a property that is called so. It is a guess that
// costs little.
func LastRole(body []byte) []byte {
	for end := len(body); ; {
		i := bytes.LastIndex(body[:end], []byte(`"role"`))
		if i < 0 {
			return nil
		}
		v := bytes.TrimLeft(body[i+len(`"role"`):], " \t\r\n:")
		if len(v) > 0 && v[0] == '"' {
			if n := bytes.IndexByte(v[1:], '"'); n >= 0 {
				return v[1 : 1+n]
			}
		}
		end = i
	}
}
