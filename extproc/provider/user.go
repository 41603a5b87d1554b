package provider

import "bytes"

// namesUser reports whether a body may have a member user. A role of that name is followed
// by no colon.
func namesUser(body []byte) bool {
	const member = `"user"`
	for {
		i := bytes.Index(body, []byte(member))
		if i < 0 {
			return false
		}
		body = bytes.TrimLeft(body[i+len(member):], " \t\r\n")
		if len(body) > 0 && body[0] == ':' {
			return true
		}
	}
}
