package verify

import "slices"

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
		if same && fixedRoles[f.role] && !(f.role == "by" && plays(b, filler{"with", f.word})) { // by card, with a card
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
