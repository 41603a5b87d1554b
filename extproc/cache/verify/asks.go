package verify

import "slices"

// ask is what a question asks for.
type ask uint8

const (
	unsaid   ask = iota // it is a statement, an order or words alone
	anything            // what or which
	aTime
	aPlace
	aReason
	aPerson
	anAmount
	aWay
	whetherIs // or can be
	whetherShould
	aPart // what it is of, in or with
)

var (
	auxiliaries = set("is are was were am do does did has have had can could will would shall should may might must")
	amounts     = set("many much long far old often tall big large high deep fast heavy wide soon late expensive")
	timeWords   = set("time date day year month age")
	placeWords  = set("place places location locations")
	reasonWords = set("reason reasons cause causes makes purpose")
	wayWords    = set("way ways method methods step steps procedure process approach technique trick tricks tip tips")
	amountWords = set("price cost number amount salary distance length height weight fee fees")
	obliging    = set("should must shall ought")
	obliged     = set("supposed necessary required need advisable")
	reporting   = set("tell explain describe show know help say guess let remind teach")
)

// asksFor is what tokens ask for. What words say counts as much as the question word: the best way
// is how, the reason is why.
func asksFor(tokens []token) ask {
	words := tokens[:0:0]
	for _, t := range tokens {
		if t.kind == word && unitOf[t.key] != "percent" {
			words = append(words, t)
		}
	}
	start, polite := 0, false
	for i := range words {
		if words[i].first {
			start = i
		}
		switch key := words[i].key; key {
		case "when":
			if i == start || polite {
				return aTime
			}
		case "where":
			return aPlace
		case "why":
			return aReason
		case "who", "whom", "whose":
			if i == start || polite {
				return aPerson
			}
		case "how":
			return how(words[i+1:])
		case "which": // and not that of a relative clause
			if i-start < 2 || polite {
				return what(words[i+1:])
			}
		case "what":
			return what(words[i+1:])
		default:
			if i == start && auxiliaries[key] && !polite {
				if polite = asksPolitely(words[i+1:]); !polite {
					return whether(words[i:])
				}
			}
		}
	}
	return unsaid
}

// whether is what a question asks for that begins with an auxiliary verb.
func whether(words []token) ask {
	if obliging[words[0].key] || slices.ContainsFunc(words, func(t token) bool { return obliged[t.key] }) {
		return whetherShould
	}
	return whetherIs
}

// asksPolitely reports whether a question goes on as "can you tell me" does.
func asksPolitely(words []token) bool {
	for i := 0; i < len(words) && i < 4; i++ {
		if reporting[words[i].key] {
			return true
		}
	}
	return false
}

func how(words []token) ask {
	switch {
	case len(words) == 0:
		return aWay
	case words[0].key == "come":
		return aReason
	case amounts[words[0].key]:
		return anAmount
	}
	return aWay
}

// what is what a question asks for that goes on after what or which.
func what(words []token) ask {
	if a := ended(words); a != anything {
		return a
	}
	if len(words) > 1 && words[0].key == "is" && words[1].key == "in" {
		return aPart
	}
	for i := 0; i < len(words) && i < 5; i++ {
		switch key := words[i].key; {
		case wayWords[key]:
			return aWay
		case reasonWords[key]:
			return aReason
		case amountWords[key]:
			return anAmount
		case timeWords[key] && i == 0:
			return aTime
		case placeWords[key]:
			return aPlace
		case key == "do" && i+1 < len(words) && words[i+1].key == "to": // what should I do to
			return aWay
		case key == "like" && i > 0 && (words[i-1].key == "it" || words[i-1].key == "is"):
			return aWay
		}
	}
	return anything
}

// ended is what a question asks for by the preposition with which it ends: what is it for.
func ended(words []token) ask {
	n := len(words)
	if n == 0 || !words[n-1].last {
		return anything
	}
	switch words[n-1].key {
	case "for":
		return aReason
	case "like":
		return aWay
	case "of", "in", "from", "with", "by", "about":
		if n == 1 || words[n-2].key != "all" { // what is it all about
			return aPart
		}
	}
	return anything
}

// asksDiffer reports whether two questions ask for different things. What says nothing of it may be
// for a thing or a way.
func asksDiffer(a, b ask) bool {
	if a > b {
		a, b = b, a
	}
	return a != b && !(a == unsaid && (b == anything || b == aWay))
}

// pointing reports whether tokens speak of something that is at hand: this song, these shoes.
func pointing(tokens []token) bool {
	for i, t := range tokens {
		if t.key == "these" || t.key == "this" && !(i+1 < len(tokens) && (periods[tokens[i+1].key] || tokens[i+1].key == "world" || tokens[i+1].key == "way")) {
			return true
		}
	}
	return false
}
