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

// itemsOf are the words of content of tokens, in order.
func itemsOf(tokens []token, language string) (items []item) {
	role, and, passive := "", false, false
	for i, t := range tokens {
		switch {
		case t.denies || deniers[english][t.key]:
			and = false
		case being[t.key]:
			role, and, passive = "", false, true
		case t.key == "a" && isLetter(tokens, i):
			items = append(items, item{word: t.key, role: role, and: and})
			and = false
		case t.key == "to" && infinitive(tokens, i):
			role, and = "", false
		case strongRoles[t.key] != "":
			role, and = strongRoles[t.key], joiners[t.key]
		case weakRoles[t.key] != "":
			role, and = weakRoles[t.key], false
		case joiners[t.key]:
			and = true
		case breakers[t.key]:
			role, and = "", false
			passive = passive && t.kind != mark
		case t.kind == mark || says(language, t.key) || soft[t.key] && !(t.key == "top" && i+1 < len(tokens) && (tokens[i+1].key == "up" || tokens[i+1].key == "-")):
		case t.kind == number:
			items = append(items, item{word: t.key, role: role, and: and, number: true})
			and = false
		case unitOf[t.key] != "" && counts(tokens, i): // the rule for units has it
		case carriers[t.key] && (i > 0 && asking[tokens[i-1].key] || t.first):
		case spelled[t.key] != "":
			items = append(items, item{word: unitOf[t.key], role: role, and: and})
			and = false
		default:
			items = append(items, item{word: stem(t.key), role: role, and: and, passive: passive && strings.HasSuffix(t.key, "ed")})
			and = false
		}
	}
	return items
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

// ordersDiffer reports whether two questions have the same words of content in another order, or
// give words contrary or each other's parts, as "from A to B" and "from B to A" do. What is joined
// by and may change places, and so may what prepositions attach.
func ordersDiffer(a, b *Question) bool {
	if slices.EqualFunc(a.items, b.items, func(x, y item) bool { return x.word == y.word && x.role == y.role }) {
		return false
	}
	same := slices.Equal(a.content, b.content)
	return turned(a, b) || partsChanged(a, b, same) || partsChanged(b, a, same) || numbersMoved(a, b) || same && moved(a, b)
}

// contraryRoles are parts of which one thing plays one: from Paris is not to Paris.
var contraryRoles = map[string][]string{
	"from": {"to"}, "to": {"from"}, "before": {"after"}, "after": {"before"}, "with": {"without"}, "without": {"with"},
	"over": {"under"}, "under": {"over"}, "for": {"against"}, "against": {"for"},
}

// turned reports whether a thing plays a part in a, and the contrary one in b.
func turned(a, b *Question) bool {
	for _, f := range a.fillers {
		for _, role := range contraryRoles[f.role] {
			g := filler{role, f.word}
			if plays(b, g) && !plays(b, f) && !plays(a, g) {
				return true
			}
		}
	}
	return false
}

// partsChanged reports whether a part is played by one word in a, and by another one in b, and both
// questions have both words. If they have the same words of content, weak parts count, too, and a
// word that plays a fixed part in a must play it in b.
func partsChanged(a, b *Question, same bool) bool {
	for _, f := range a.fillers {
		if plays(b, f) || !contains(b.content, f.word) || !same && strongRoles[f.role] == "" {
			continue
		}
		if same && fixedRoles[f.role] {
			return true
		}
		for _, g := range ofRole(b.fillers, f.role) {
			if contains(a.content, g.word) && !plays(a, g) {
				return true
			}
		}
	}
	return false
}

func plays(q *Question, f filler) bool {
	_, found := slices.BinarySearchFunc(q.fillers, f, filler.compare)
	return found
}

// ofRole are the fillers of one part.
func ofRole(all []filler, role string) []filler {
	from, _ := slices.BinarySearchFunc(all, filler{role: role}, filler.compare)
	to := from
	for to < len(all) && all[to].role == role {
		to++
	}
	return all[from:to]
}

// moved reports whether the words that no preposition governs in either question are in another
// order.
func moved(a, b *Question) bool {
	left, right := free(a, b), free(b, a)
	if len(left) != len(right) {
		return false
	}
	for len(left) > 0 && left[0].word == right[0].word {
		left, right = left[1:], right[1:]
	}
	for n := len(left); n > 0 && left[n-1].word == right[n-1].word; n = len(left) {
		left, right = left[:n-1], right[:n-1]
	}
	return len(left) > 0 && !swapped(left, right) && !passiveOf(left, right) && !passiveOf(right, left) && !(a.expletive != b.expletive && rotated(left, right))
}

// rotated reports whether the beginning of left is the end of right: "is it safe to drink water",
// "is water safe to drink".
func rotated(left, right []item) bool {
	for k := 1; k < len(left) && k < maxJoints; k++ {
		if equalWords(left[k:], right[:len(left)-k]) && equalWords(left[:k], right[len(left)-k:]) {
			return true
		}
	}
	return false
}

// expletiveIn reports whether tokens have an it that stands for what comes later.
func expletiveIn(tokens []token) bool {
	for i := 1; i < len(tokens); i++ {
		if tokens[i-1].key == "it" && being[tokens[i].key] || tokens[i].key == "it" && being[tokens[i-1].key] {
			return true
		}
	}
	return false
}

// passiveOf reports whether left is right in the passive voice: what the verb is done to is before
// it, and not after it.
func passiveOf(left, right []item) bool {
	n := len(left) - 1
	return left[n].passive && !right[0].passive && left[n].word == right[0].word && equalWords(left[:n], right[1:])
}

// free are the items of a that no preposition governs in either question.
func free(a, b *Question) (items []item) {
	for _, i := range a.items {
		if i.role == "" && !governed(a, i.word) && !governed(b, i.word) {
			items = append(items, i)
		}
	}
	return items
}

func governed(q *Question, word string) bool { return contains(q.governed, word) }

// maxJoints bounds how many joints are tried.
const maxJoints = 16

// swapped reports whether items are two parts joined by and that have changed places.
func swapped(left, right []item) bool {
	tried := 0
	for k := 1; k < len(left) && tried < maxJoints; k++ {
		if !left[k].and || !right[len(left)-k].and {
			continue
		}
		tried++
		if equalWords(left[k:], right[:len(left)-k]) && equalWords(left[:k], right[len(left)-k:]) {
			return true
		}
	}
	return false
}

func equalWords(a, b []item) bool {
	return slices.EqualFunc(a, b, func(x, y item) bool { return x.word == y.word })
}

// maxNumbers bounds how many numbers that have moved are looked at.
const maxNumbers = 32

// numbersMoved reports whether two questions have the same numbers in another order, and one of
// them stands beside other words: "3 cats and 5 dogs", "5 cats and 3 dogs".
func numbersMoved(a, b *Question) bool {
	left, right := numbersAt(a.items), numbersAt(b.items)
	if len(left) < 2 || len(left) != len(right) || slices.EqualFunc(left, right, func(i, j int) bool { return a.items[i].word == b.items[j].word }) {
		return false
	}
	if len(left) > maxNumbers {
		return true
	}
	for _, i := range left {
		for _, j := range right {
			if a.items[i].word == b.items[j].word && !besideSame(a.items, i, b.items, j) {
				return true
			}
		}
	}
	return false
}

// numbersAt are the places of numbers.
func numbersAt(items []item) (at []int) {
	for i := range items {
		if items[i].number {
			at = append(at, i)
		}
	}
	return at
}

// besideSame reports whether two items have the same word before or after them.
func besideSame(a []item, i int, b []item, j int) bool {
	if i > 0 && j > 0 && a[i-1].word == b[j-1].word {
		return true
	}
	return i+1 < len(a) && j+1 < len(b) && a[i+1].word == b[j+1].word
}
