package guard

import (
	"bytes"
	"strconv"
)

// vault holds what was masked in one request, and by what it is replaced there. The same text of
// the same type has one placeholder throughout, and the same conversation gets the same ones in
// each request, so that a provider's cache of the prompt still serves. Not for concurrent use.
type vault struct {
	placeholders map[secret]string
	restored     map[string]string // by placeholder: what is put back into the answer
	counts       map[string]int    // the last number by type
	taken        map[string]bool   // what stands in the request and looks like a placeholder
	longest      int               // placeholder that is restored, in bytes
}

// secret is a text that was masked, and what it is.
type secret struct{ kind, text string }

// avoid notes what in a text looks like a placeholder: none that is made will be the same.
func (v *vault) avoid(s []byte) {
	for {
		i := bytes.IndexByte(s, '[')
		if i < 0 {
			return
		}
		s = s[i:]
		end := 1
		for end < len(s) && inPlaceholder(s[end]) {
			end++
		}
		if end > 1 && end < len(s) && s[end] == ']' {
			if v.taken == nil {
				v.taken = map[string]bool{}
			}
			v.taken[string(s[:end+1])] = true
		}
		s = s[end:]
	}
}

func inPlaceholder(c byte) bool {
	return c == '_' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// placeholder returns what replaces a text of a type.
func (v *vault) placeholder(s secret, restore bool) string {
	p, ok := v.placeholders[s]
	if !ok {
		p = v.next(s.kind)
		v.placeholders[s] = p
	}
	if restore {
		v.restored[p] = s.text
		v.longest = max(v.longest, len(p))
	}
	return p
}

// next returns a placeholder that no text of the request holds.
func (v *vault) next(kind string) string {
	if v.counts == nil {
		v.placeholders, v.restored, v.counts = map[secret]string{}, map[string]string{}, map[string]int{}
	}
	for {
		v.counts[kind]++
		if p := "[" + kind + "_" + strconv.Itoa(v.counts[kind]) + "]"; !v.taken[p] {
			return p
		}
	}
}

// restores reports whether there is something to put back into the answer.
func (v *vault) restores() bool { return v.longest > 0 }

// find returns the first placeholder in s from a place on, and what it stands for; start < 0:
// there is none.
func (v *vault) find(s []byte, from int) (start, end int, text string) {
	for at := from; ; at++ {
		i := bytes.IndexByte(s[at:], '[')
		if i < 0 {
			return -1, -1, ""
		}
		at += i
		close := bytes.IndexByte(s[at:min(len(s), at+v.longest)], ']')
		if close < 0 {
			continue
		}
		if text, ok := v.restored[string(s[at:at+close+1])]; ok {
			return at, at + close + 1, text
		}
	}
}

// hold returns where in s a placeholder may begin that what follows completes; len(s): nowhere.
func (v *vault) hold(s []byte) int {
	for at := len(s) - 1; at >= 0 && len(s)-at < v.longest; at-- {
		switch c := s[at]; {
		case c == '[':
			return at
		case !inPlaceholder(c):
			return len(s)
		}
	}
	return len(s)
}
