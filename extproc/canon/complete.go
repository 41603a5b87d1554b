package canon

// Complete follows the JSON text of a tool call's arguments, as the escaped
// inside of the strings that bring it in pieces, and reports when the object has
// come to its end.
type Complete struct {
	depth   int
	inside  bool // a string
	escaped bool // the next character of a string means itself
	begun   bool
}

// Begun reports whether a value has begun.
func (c *Complete) Begun() bool { return c.begun }

// Done reports whether the arguments are whole.
func (c *Complete) Done() bool { return c.begun && c.depth == 0 && !c.inside }

// Feed reads a piece.
func (c *Complete) Feed(s []byte) {
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b == '\\' && i+1 < len(s) {
			i++
			if b = s[i]; b == 'u' && i+4 < len(s) {
				b = escaped(s[i+1 : i+5])
				i += 4
			} else if b != '"' && b != '\\' && b != '/' {
				b = ' ' // \n, \t and the like mean nothing here
			}
		}
		c.step(b)
	}
}

// escaped returns the character of a \u escape that could mean something to a
// JSON reader, or a letter for any other.
func escaped(hex []byte) byte {
	if hex[0] != '0' || hex[1] != '0' {
		return 'x'
	}
	return digit(hex[2])<<4 | digit(hex[3])
}

func digit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}

func (c *Complete) step(b byte) {
	if c.inside {
		switch {
		case c.escaped:
			c.escaped = false
		case b == '\\':
			c.escaped = true
		case b == '"':
			c.inside = false
		}
		return
	}
	switch b {
	case '"':
		c.inside, c.begun = true, true
	case '{', '[':
		c.begun = true
		c.depth++
	case '}', ']':
		c.depth--
	}
}
