package verify

import "strings"

// set makes a set of the words of a text.
func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// groups makes a map from each word to the first word of its line.
func groups(lines string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		for _, w := range words {
			m[w] = words[0]
		}
	}
	return m
}

// contractions are what stands after the apostrophe of a word and is none of it.
var contractions = set("s re ll ve m d")

// elided are the words that French and Italian write with an apostrophe before the next one.
var elided = set("l d qu n j m c s jusqu lorsqu puisqu quelqu dell all nell un")

// denials are verbs contracted with not, with and without the apostrophe, and the verb of each.
var denials = func() map[string]string {
	m := map[string]string{"cannot": "can", "cant": "can", "wont": "will", "shant": "shall", "aint": "be"}
	for v := range strings.FieldsSeq("do does did is are was were has have had would could should must might need ought") {
		m[v+"nt"] = v
	}
	return m
}()

// uncontracted is a word without the not that is contracted with it.
func uncontracted(key string) (verb string, denies bool) {
	if v := denials[key]; v != "" {
		return v, true
	}
	return key, false
}

// grammar are words that say nothing of the subject of a question in English.
var grammar = set(`
	a an the this that these those such some any each every all both either neither other others another same own
	i you he she it we they me him her us them my your his its our their mine yours ours theirs myself yourself himself herself itself ourselves themselves one ones oneself
	someone somebody something anyone anybody anything everyone everybody everything people person
	is are was were be been being am do does did done doing has have had having can could will would shall should may might must ought let lets
	what which who whom whose when where why how whether if then else than as so because since while although though unless until till
	and or but nor not no yes never none nothing nobody
	of to in on at by for with without from into onto upon about above across after against along amid among around before behind below beneath beside besides between beyond during
	except inside like near off out outside over past per through throughout toward towards under underneath up down via within
	there here now just also too very really actually ever even still only quite rather yet already please pls plz ok okay hi hello hey thanks thank
	u ur r n im ive id dont etc vs versus eg ie mr mrs ms dr sir madam hows whats wheres whos
`)

// soft are words that paraphrases add, leave out and replace.
var soft = set(`
	best good better great nice fine proper properly right correct correctly effective effectively efficient efficiently ideal suitable perfect top
	way ways method methods approach step steps procedure process tip tips trick tricks advice suggestion suggestions idea ideas technique means
	thing things stuff kind kinds type types sort sorts example examples
	get getting got take takes took taken go going need needs needed want wants wanted
	tell explain describe show help say says said mean means meaning define definition called
	possible possibly able easily easiest simplest simply quickly important certain specific particular different various many much most more lot lots few several
	current currently today nowadays exactly generally usually mostly basically truly commonly
	question answer ask
`)
