package texts

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// View is a text as guards see it, and where its bytes stand in the raw text. The zero View is
// empty. Its memory serves again with each Reset.
type View struct {
	Plain []byte
	steps []step // none: every byte stands for itself
	raw   int    // bytes of the raw text that the view is of
	own   []byte // memory of Plain where it is not the raw text
}

// step begins a run of bytes that are the same in both texts: the place in each.
type step [2]int

// Indices of a step.
const (
	inView = iota
	inRaw
)

// Reset makes the view of a raw text, which it may alias. In JSON, escapes are undone. If
// more of the text may follow, the view leaves out the beginning of an escape or a character at
// its end.
func (v *View) Reset(raw []byte, json, more bool) {
	v.steps, v.raw = v.steps[:0], len(raw)
	if same := identical(raw, json); same == len(raw) {
		v.Plain = raw
		return
	}
	f := folder{raw: raw, out: v.own[:0], steps: v.steps, json: json, more: more}
	f.fold()
	v.Plain, v.own, v.steps, v.raw = f.out, f.out, f.steps, f.at
}

// Folded reports whether the view differs from the raw text.
func (v *View) Folded() bool { return len(v.steps) > 0 }

// Raw returns the place in the raw text of a place in the view: after invisible characters, if
// some stand there.
func (v *View) Raw(at int) int {
	if at >= len(v.Plain) {
		return v.raw
	}
	if len(v.steps) == 0 {
		return at
	}
	return min(v.cross(at, inView, inRaw), v.raw)
}

// At returns the first place in the view that stands at or after a place in the raw text.
func (v *View) At(raw int) int {
	if raw >= v.raw {
		return len(v.Plain)
	}
	if len(v.steps) == 0 {
		return raw
	}
	return v.cross(raw, inRaw, inView)
}

// cross returns the place in one text of a place in the other. Within a character that is longer
// there it is where the character ends.
func (v *View) cross(at, from, to int) int {
	i, found := slices.BinarySearchFunc(v.steps, at, func(s step, at int) int { return s[from] - at })
	if !found {
		i--
	}
	place := at
	if i >= 0 {
		place = v.steps[i][to] + at - v.steps[i][from]
	}
	if i+1 < len(v.steps) {
		place = min(place, v.steps[i+1][to])
	}
	return place
}

// identical returns how many bytes at the beginning of a text stand for themselves.
func identical(raw []byte, json bool) int {
	if json && bytes.IndexByte(raw, '\\') >= 0 {
		return 0
	}
	for i, c := range raw {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return len(raw)
}

// folder makes a view.
type folder struct {
	raw, out   []byte
	steps      []step
	at         int // in raw
	json, more bool
}

func (f *folder) fold() {
	for f.at < len(f.raw) {
		c := f.raw[f.at]
		switch {
		case c == '\\' && f.json:
			if !f.escape() {
				return
			}
		case c < utf8.RuneSelf:
			f.out = append(f.out, c)
			f.at++
		default:
			if f.more && !utf8.FullRune(f.raw[f.at:]) {
				return
			}
			r, n := utf8.DecodeRune(f.raw[f.at:])
			f.put(r, n)
		}
	}
}

// put appends a character that takes n bytes of the raw text.
func (f *folder) put(r rune, n int) {
	was := len(f.out)
	if r = foldRune(r); r >= 0 {
		f.out = utf8.AppendRune(f.out, r)
	}
	f.at += n
	if len(f.out)-was != n {
		f.steps = append(f.steps, step{len(f.out), f.at})
	}
}

// escape undoes one escape of JSON. It returns false if the rest of it is to come.
func (f *folder) escape() bool {
	rest := f.raw[f.at:]
	n := escapeLen(rest)
	if n > len(rest) {
		if f.more {
			return false
		}
		n = len(rest)
	}
	r, n := unescaped(rest[:n])
	f.put(r, n)
	return true
}

// escapeLen returns how long the escape at the start of s is, or would be.
func escapeLen(s []byte) int {
	switch {
	case len(s) < 2 || s[1] != 'u':
		return 2
	case len(s) < 6:
		return 6
	}
	if r := hex4(s[2:6]); r < 0xD800 || r >= 0xDC00 {
		return 6
	}
	if len(s) > 6 && (s[6] != '\\' || len(s) > 7 && s[7] != 'u') {
		return 6 // a surrogate that stands alone
	}
	return 12
}

// unescaped returns the character of an escape, and how long that is. What is none is taken as
// it stands.
func unescaped(s []byte) (r rune, n int) {
	if len(s) < 2 {
		return '\\', 1
	}
	switch s[1] {
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'u':
		if len(s) < 6 {
			return '\\', 1
		}
		r = hex4(s[2:6])
		if len(s) == 12 {
			if low := hex4(s[8:12]); low >= 0xDC00 && low < 0xE000 {
				return (r-0xD800)<<10 + (low - 0xDC00) + 0x10000, 12
			}
		}
		return r, 6
	default:
		return rune(s[1]), 2
	}
}

// hex4 returns the value of four hexadecimal digits; U+FFFD if they are none.
func hex4(s []byte) (r rune) {
	for _, c := range s[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 + rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 + rune(c|0x20-'a') + 10
		default:
			return utf8.RuneError
		}
	}
	return r
}
