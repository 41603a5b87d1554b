package verify

import (
	"cmp"
	"slices"
	"strings"
)

// item is a word of content in its place.
type item struct {
	word string // stem, or a number
	role string // the preposition that governs it; "": none
	and  bool   // it is joined to the item before by and, or, versus or a comma

	sentence int // which one it stands in, from 1

	number  bool
	passive bool // it is a participle of the passive voice
}

// being are the verbs of the passive voice.
var being = set("is are was were be been being get gets got")

// roles has the prepositions, each line those that give one part. Those of strong lines say which
// of two things plays which part even if more has changed between two questions.
var (
	strongRoles = groups(`
		from since von aus depuis desde
		to into onto toward towards until till nach vers hasta hacia
		than als
		by via through
		with mit avec con
		without ohne sans sin
		before
		after
		against versus vs gegen contre contra
	`)
	weakRoles = groups(`
		of von de del des du der
		in at on inside within near im am en
		for fur pour para
		about regarding concerning uber
		over
		under
		during
		among amongst
		between zwischen entre
		around
	`)
	// fixedRoles are those that another preposition, or none, never gives.
	fixedRoles = set("than by without before after against")
	joiners    = set("and or nor & / , und oder et ou y o vs versus")
	breakers   = set("what which who whom whose when where why how is are was were be do does did has have had can could will would shall should may might must i you he she it we they if because that so then while . ? ! ; : ( )")
)

// gathering is what is read of tokens while items are gathered.
type gathering struct {
	items    []item
	role     string // the preposition that governs the next item
	and      bool   // a joiner is before the next item
	passive  bool   // a verb of the passive voice is before it
	sentence int
	language string
}

// itemsOf are the words of content of tokens, in order.
func itemsOf(tokens []token, language string) []item {
	g := gathering{language: language}
	for i, t := range tokens {
		if t.first {
			g.sentence++
		}
		switch {
		case t.denies || deniers[english][t.key]:
			g.and = false
		case being[t.key]:
			g.role, g.and, g.passive = "", false, true
		case t.key == "a" && isLetter(tokens, i):
			g.add(item{word: t.key})
		case t.key == "to" && infinitive(tokens, i):
			g.role, g.and = "", false
		case strongRoles[t.key] != "":
			g.role, g.and = strongRoles[t.key], joiners[t.key]
		case weakRoles[t.key] != "":
			g.role, g.and = weakRoles[t.key], false
		case joiners[t.key]:
			g.and = true
		case breakers[t.key]:
			g.role, g.and, g.passive = "", false, g.passive && t.kind != mark
		case t.kind != mark && !g.leaves(tokens, i):
			g.take(t)
		}
	}
	return g.items
}

// leaves reports whether a word or number is none of content: it is grammar, soft, leant on by what
// and which, or the unit of a number, which the rule for units has.
func (g *gathering) leaves(tokens []token, i int) bool {
	t := tokens[i]
	switch {
	case says(g.language, t.key), unitOf[t.key] != "" && counts(tokens, i):
		return true
	case i > 0 && tokens[i-1].key == "many" && periods[singular(t.key)]: // how long
		return true
	case carriers[t.key]:
		return t.first || i > 0 && asking[tokens[i-1].key]
	case t.key == "top": // but a top-up is no top
		return i+1 == len(tokens) || tokens[i+1].key != "up" && tokens[i+1].key != "-"
	}
	return soft[t.key]
}

// take adds a token.
func (g *gathering) take(t token) {
	switch {
	case t.kind == number:
		g.add(item{word: t.key, number: true})
	case spelled[t.key] != "":
		g.add(item{word: unitOf[t.key]})
	default:
		g.add(item{word: stem(t.key), passive: g.passive && strings.HasSuffix(t.key, "ed")})
	}
}

func (g *gathering) add(i item) {
	i.role, i.and, i.sentence = g.role, g.and, g.sentence
	g.items, g.and = append(g.items, i), false
}

// infinitive reports whether a to is that of an infinitive: what is before it goes with one, or a
// common verb is after it.
func infinitive(tokens []token, i int) bool {
	return i > 0 && beforeInfinitives[tokens[i-1].key] || i+1 < len(tokens) && verbs[tokens[i+1].key]
}

var (
	beforeInfinitives = set("how what where when which whom way ways used use want wants wanted wish need needs needed have has had able unable going ought try tries trying tried like likes love hate prefer plan hope learn begin start continue possible impossible easy hard safe legal okay ok allowed supposed ready time best better good bad steps method methods order")
	verbs             = set("be have do get go make take give find use become know see come keep let put say tell ask work try leave call need feel seem turn start show hear play run move live believe hold bring happen write sit stand lose pay meet include continue set learn change lead understand watch follow stop create speak read spend grow open walk win teach offer remember consider appear buy serve die send build stay fall cut reach kill raise pass sell decide return explain develop carry break receive agree support hit produce eat cover catch draw choose convert transform translate transfer switch migrate travel fly drive install remove delete add update configure connect export import upload download save study improve increase decrease reduce avoid prevent cook bake boil fix solve prove calculate compute measure apply prepare join visit marry sleep drink earn invest fight treat cure clean wash paint hack check verify cancel order reset close enable disable")
)

// isLetter reports whether an a is a letter rather than an article: no word that it could belong to
// is after it.
func isLetter(tokens []token, i int) bool {
	if i+1 == len(tokens) {
		return true
	}
	next := tokens[i+1]
	return next.kind == mark && next.key != `"` && next.key != "'" || strongRoles[next.key] != "" || weakRoles[next.key] != "" || joiners[next.key] || being[next.key]
}

// carriers are words that what and which only lean on, and those by which an answer is ordered.
var (
	carriers = set("city country place person name year number amount list give")
	asking   = set("what which")
)

// filler is a thing and the part that it plays.
type filler struct{ role, word string }

// fillersOf are the things of items that a preposition governs, sorted.
func fillersOf(items []item) (all []filler) {
	for _, i := range items {
		if i.role != "" {
			all = append(all, filler{i.role, i.word})
		}
	}
	slices.SortFunc(all, filler.compare)
	return slices.Compact(all)
}

func (f filler) compare(g filler) int {
	return cmp.Or(strings.Compare(f.role, g.role), strings.Compare(f.word, g.word))
}
