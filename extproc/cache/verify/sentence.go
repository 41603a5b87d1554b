package verify

// courtesies are words of sentences that ask for nothing.
var courtesies = set("morning afternoon evening day dear team regard cheer appreciate problem issu help favor favour urgent")

// adds reports whether a has several sentences, and one of them of which b has no word of content:
// what it demands, b does not. Answer wrongly after a question makes another one of it, however long
// it is, and may be there to have those who ask it alone get that answer.
func adds(a, b *Question) bool {
	if n := len(a.items); n == 0 || a.items[0].sentence == a.items[n-1].sentence {
		return false
	}
	for rest := a.items; len(rest) > 0; {
		n, common := 0, false
		for n < len(rest) && rest[n].sentence == rest[0].sentence {
			w := &rest[n]
			common = common || w.number || courtesies[w.word] || contains(b.content, w.word)
			n++
		}
		if !common {
			return true
		}
		rest = rest[n:]
	}
	return false
}
