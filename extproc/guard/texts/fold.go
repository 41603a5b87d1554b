package texts

// foldRune returns the character that one is read as, or -1 if it is invisible. Characters that
// merely look like others of another script stay: a text in that script is no disguise.
func foldRune(r rune) rune {
	switch {
	case r < 0xA0:
		return r
	case invisible(r):
		return -1
	case r == 0xA0, r >= 0x2000 && r <= 0x200A, r == 0x202F, r == 0x205F, r == 0x3000:
		return ' '
	case r == 0x2028, r == 0x2029:
		return '\n'
	case r >= 0x2010 && r <= 0x2015, r == 0x2212, r == 0xFE58, r == 0xFE63:
		return '-'
	case r >= 0x2018 && r <= 0x201B:
		return '\''
	case r >= 0x201C && r <= 0x201F:
		return '"'
	case r >= 0xFF01 && r <= 0xFF5E: // full-width forms
		return r - 0xFF01 + '!'
	}
	return foldAlphabet(r)
}

// invisible reports whether a character takes no place: joiners, directions, soft hyphens,
// variation selectors and tags.
func invisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x034F, r == 0x061C, r == 0x180E, r == 0xFEFF:
		return true
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F:
		return true
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE01EF:
		return true
	}
	return false
}

// foldAlphabet returns the ASCII letter or digit that a character of another block stands for.
func foldAlphabet(r rune) rune {
	switch {
	case r >= 0x0660 && r <= 0x0669: // Arabic-Indic
		return r - 0x0660 + '0'
	case r >= 0x06F0 && r <= 0x06F9: // Persian
		return r - 0x06F0 + '0'
	case r >= 0x0966 && r <= 0x096F: // Devanagari
		return r - 0x0966 + '0'
	case r >= 0x1D7CE && r <= 0x1D7FF: // mathematical, five sets
		return (r-0x1D7CE)%10 + '0'
	case r >= 0x1D400 && r <= 0x1D6A3: // mathematical, capitals and small letters by turns
		n := (r - 0x1D400) % 52
		if n < 26 {
			return n + 'A'
		}
		return n - 26 + 'a'
	}
	return r
}
