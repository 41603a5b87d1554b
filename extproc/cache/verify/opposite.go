package verify

import (
	"slices"
	"strings"
)

// opposites has, by stem, the words that say the contrary.
var opposites = func() map[string][]string {
	m := map[string][]string{}
	for line := range strings.Lines(contraries) {
		left, right, _ := strings.Cut(line, "|")
		for a := range strings.FieldsSeq(left) {
			for b := range strings.FieldsSeq(right) {
				m[stem(a)], m[stem(b)] = append(m[stem(a)], stem(b)), append(m[stem(b)], stem(a))
			}
		}
	}
	return m
}()

// contraries has opposites on both sides of a bar. A synonym of one is an opposite of the other.
const contraries = `
	enable activate | disable deactivate
	activation | deactivation
	start begin launch resume | stop end finish quit halt pause terminate
	starting beginning | ending
	increase raise grow gain boost expand maximize maximise | decrease reduce lower shrink lose cut minimize minimise
	increase | decline drop
	gain | loss
	buy purchase | sell
	buyer | seller
	before | after
	open | close shut
	opened | closed
	import | export
	importer | exporter
	upload | download
	upgrade | downgrade
	update | rollback
	undo | redo
	install | uninstall remove
	add insert append | remove delete subtract
	attach | detach
	connect | disconnect
	login signin | logout signout
	lock | unlock
	block ban | unblock unban allow
	mute | unmute
	hide | show unhide reveal
	follow subscribe | unfollow unsubscribe
	friend | unfriend
	register enroll | unregister deregister
	encrypt | decrypt
	encode | decode
	encryption | decryption
	encoding | decoding
	compress zip | decompress unzip extract
	archive | unarchive
	mount | unmount
	load | unload
	pack | unpack
	push | pull
	import | export
	input | output
	read | write
	send | receive
	sender | recipient receiver
	lend | borrow
	lender | borrower
	give | receive
	teach | learn
	teacher | student pupil
	ask | answer
	win | lose
	winner | loser
	accept approve | reject refuse decline deny
	acceptance approval | rejection refusal
	allow permit enable | forbid prohibit prevent deny block disallow
	include | exclude
	including | excluding
	inclusive | exclusive
	internal | external
	inside | outside
	interior | exterior
	inner | outer
	inbound incoming | outbound outgoing
	inward | outward
	indoor indoors | outdoor outdoors
	domestic national | international foreign
	local | remote global
	online | offline
	public | private
	on | off
	up | down
	over above | under below
	upper top | lower bottom
	upstairs | downstairs
	upstream | downstream
	front | back rear
	forward | backward backwards
	left | right
	north northern | south southern
	east eastern | west western
	first | last
	early earlier earliest | late later latest
	early | late
	next | previous
	newest latest | oldest
	new newer | old older
	modern | ancient
	young younger youngest | old older oldest
	big | small little tiny
	biggest largest | smallest
	maximum max | minimum min
	most | least fewest
	more | less fewer
	many | few
	much | little
	high higher highest | low lower lowest
	tall taller tallest | short shorter shortest
	long longer longest | short shorter shortest
	wide wider | narrow narrower
	deep | shallow
	thick | thin
	fat | thin skinny
	heavy heavier heaviest | light lighter lightest
	hot hotter hottest warm | cold colder coldest cool
	hot | cold
	heat | cool
	heating | cooling
	wet | dry
	hard difficult harder hardest | easy easier easiest soft
	hard | soft
	strong stronger strongest | weak weaker weakest
	strength | weakness
	fast faster fastest quick | slow slower slowest
	good | bad
	best | worst
	better | worse
	positive | negative
	pros advantage benefit upside | cons disadvantage drawback downside
	pro | con
	success | failure
	succeed pass | fail
	right correct true | wrong false
	true | false
	real genuine original authentic | fake counterfeit
	rich wealthy | poor
	cheap cheaper cheapest | expensive
	full | empty
	fill | empty
	light bright | dark
	clean | dirty
	safe | dangerous
	alive living | dead
	live | die
	birth born | death
	healthy | sick ill
	happy | sad
	happiness | sadness
	love like | hate dislike
	friend | enemy
	war | peace
	attack offense | defense defend
	agree | disagree
	agreement | disagreement
	trust | distrust mistrust
	marry | divorce
	marriage | divorce
	arrive arrival | depart departure leave
	enter entry entrance | exit
	come | go
	borrow | repay
	deposit | withdraw withdrawal
	credit | debit
	income revenue | expense expenditure
	profit | loss
	asset | liability
	inflation | deflation
	supply | demand
	lease rent | buy
	hire | fire
	employer | employee
	employed | unemployed
	employment | unemployment
	landlord | tenant
	host | guest
	client | server
	doctor | patient
	parent | child
	husband | wife
	boyfriend | girlfriend
	mother | father
	brother | sister
	son | daughter
	uncle | aunt
	grandmother | grandfather
	nephew | niece
	man male boy gentleman guy | woman female girl lady
	masculine | feminine
	bride | groom
	king | queen
	prince | princess
	actor | actress
	adult | child
	human | animal
	even | odd
	plus | minus
	addition | subtraction
	multiply | divide
	multiplication | division
	numerator | denominator
	row horizontal | column vertical
	horizontally | vertically
	ascending ascend | descending descend
	acid | base alkali
	acidic | basic alkaline
	solid | liquid gas
	liquid | gas
	freeze | melt thaw
	freezing | boiling melting
	evaporation | condensation
	oxidation | reduction
	endothermic | exothermic
	mitosis | meiosis
	virus | bacteria bacterium
	bacterial | viral
	artery | vein
	hypertension | hypotension
	hyperthyroidism | hypothyroidism
	hyperglycemia | hypoglycemia
	acute | chronic
	benign | malignant
	symptom | cure treatment
	cause | effect cure
	prevent | cause cure
	theory | practice
	theoretical | practical
	qualitative | quantitative
	subjective | objective
	concave | convex
	finite | infinite
	rational | irrational
	relevant | irrelevant
	regular | irregular
	responsible | irresponsible
	moral | immoral
	mature | immature
	mortal | immortal
	perfect | imperfect
	patient | impatient
	polite | impolite
	direct | indirect
	dependent | independent
	active | inactive passive
	active | passive
	visible | invisible
	valid | invalid
	sufficient enough | insufficient
	formal | informal
	complete | incomplete
	consistent | inconsistent
	variable | constant fixed
	static | dynamic
	mutable | immutable
	serial sequential | parallel
	synchronous sync | asynchronous async
	asynchronously | synchronously
	symmetric | asymmetric
	analog analogue | digital
	physical actual | virtual
	manual manually | automatic automatically
	wired | wireless
	open-source | proprietary
	frontend | backend
	hardware | software
	compile | decompile
	commit | revert
	merge | split
	join | leave split
	combine | separate
	assemble build construct | disassemble destroy demolish
	create make | destroy delete
	tighten | loosen
	wrap | unwrap
	plug | unplug
	wake | sleep
	remember | forget
	find | lose hide
	save | spend delete
	save | waste
	earn | spend
	borrow | lend
	export | import
	optimistic | pessimistic
	introvert | extrovert
	introverted | extroverted
	liberal left-wing | conservative right-wing
	democracy | dictatorship
	capitalism | socialism communism
	theist | atheist
	natural | artificial synthetic unnatural
	organic | inorganic
	raw | cooked
	sweet | sour bitter salty
	vegetarian vegan | meat
	breakfast | lunch dinner
	lunch | dinner
	day morning | night evening
	morning | evening afternoon
	am | pm
	sunrise | sunset
	summer | winter
	spring | autumn
	singular | plural
	prefix | suffix
	synonym | antonym
	uppercase | lowercase
	upper | lower
	noun | verb adjective
	lead | follow
	leader | follower
	ally | enemy
	guilty | innocent
	plaintiff | defendant
	landing | takeoff
	ascent | descent
	departure | arrival
	cheaper | pricier
	always | never
	everyone everybody | nobody
	all | none
	everything | nothing
	with | without
	single | married
	single | double multiple
	full-time | part-time
	permanent | temporary
	voluntary | involuntary mandatory compulsory
	optional | mandatory required compulsory
	mandatory | voluntary
	majority | minority
	major | minor
	wholesale | retail
	gross | net
	short-term | long-term
	bull bullish | bear bearish
	simple | complex complicated compound
	abstract | concrete
	beginner | expert advanced
	amateur | professional
	introduction | conclusion
`

// opposed reports whether one question has a word that the other lacks, and the other has its
// opposite; or they differ by a prefix, by a kind, or by a word that alters another one.
func opposed(a, b *Question) bool {
	return contrary(a, b) || contrary(b, a) || prefixed(a, b) || prefixed(b, a) || altered(a, b) || altered(b, a) || kindsDiffer(a, b, false)
}

// contrary reports whether a has a word that b lacks, and b has its opposite.
func contrary(a, b *Question) bool {
	for _, w := range a.polar {
		if !contains(b.stems, w) && slices.ContainsFunc(opposites[w], func(o string) bool { return contains(b.stems, o) }) {
			return true
		}
	}
	return false
}

// altering are words that make another thing of the one that they stand before: a vice president is
// no president.
var altering = stems("vice deputy former ex assistant co pseudo semi counter north south east west northern southern eastern western except excluding besides unless instead")

// altered reports whether a has a word that alters, and b lacks it.
func altered(a, b *Question) bool {
	return slices.ContainsFunc(a.polar, func(s string) bool { return altering[s] && !contains(b.stems, s) })
}

// prefixes make another word of a word, mostly the contrary. Those that deny are counted as
// denials, with the words in deniers.
var prefixes = strings.Fields("un in im ir il dis non de mis re anti pre post under over inter intra hyper hypo sub super micro macro mono multi bi uni")

// prefixedOf are those of keys that begin with a prefix, and are counted as no denial.
func prefixedOf(keys []string, language string) (words []string) {
	for _, k := range keys {
		if len(k) > 5 && !deniers[language][k] && slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(k, p) }) {
			words = append(words, k)
		}
	}
	return words
}

// prefixed reports whether a has a word with a prefix, b has it without or with another prefix, and
// each lacks what the other has.
func prefixed(a, b *Question) bool {
	for _, k := range a.prefixed {
		if contains(b.keys, k) {
			continue
		}
		for _, p := range prefixes {
			bare, ok := strings.CutPrefix(k, p)
			if ok && len(bare) > 2 && (lacksOther(a, b, bare) || slices.ContainsFunc(b.prefixed, func(o string) bool {
				return len(o) > len(bare) && strings.HasSuffix(o, bare) && slices.Contains(prefixes, o[:len(o)-len(bare)]) && !contains(a.keys, o)
			})) {
				return true
			}
		}
	}
	return false
}

// lacksOther reports whether b has a word that a lacks.
func lacksOther(a, b *Question, key string) bool {
	return contains(b.keys, key) && !contains(a.keys, key)
}

// polarOf are those of stems that have opposites or alter what is after them.
func polarOf(stems []string) []string {
	return slices.DeleteFunc(slices.Clone(stems), func(s string) bool { return opposites[s] == nil && !altering[s] })
}
