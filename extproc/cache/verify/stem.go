package verify

import "strings"

// irregular are forms of a word that no rule finds, each line by its first word.
var irregular = groups(`
	man men
	woman women
	child children kid kids
	foot feet
	tooth teeth
	mouse mice
	goose geese
	buy bought purchase
	sell sold
	go went gone
	come came
	begin began begun start
	break broke broken
	bring brought
	build built
	catch caught
	choose chose chosen
	die died dying dies
	do did done
	draw drew drawn
	drink drank drunk
	drive drove driven
	eat ate eaten
	fall fell fallen
	feel felt
	fight fought
	fly flew flown
	forget forgot forgotten
	freeze froze frozen
	give gave given
	grow grew grown
	hear heard
	hide hid hidden
	hold held
	keep kept
	know knew known
	lead led
	leave left
	lend lent
	lie lying lied
	lose lost losing
	make made
	mean meant
	meet met
	pay paid
	ride rode ridden
	ring rang rung
	rise rose risen
	run ran
	say said
	see saw seen
	send sent
	shoot shot
	show shown
	sing sang sung
	sleep slept
	speak spoke spoken
	spend spent
	stand stood
	steal stole stolen
	stick stuck
	swim swam swum
	take took taken
	teach taught
	tear tore torn
	tell told
	think thought
	throw threw thrown
	understand understood
	wake woke woken
	wear wore worn
	win won
	write wrote written
	analysis analyses
	criterion criteria
	phenomenon phenomena
	medium media
	datum data
	index indices indexes
	matrix matrices
	vertex vertices
	life lives
	wife wives
	knife knives
	half halves
	leaf leaves
	good better best
	bad worse worst
	big bigger biggest large larger largest
	delete remove erase
	picture photo photograph image pic pics
	movie film
	phone smartphone cellphone
	error bug
	fix repair resolve solve
	happen occur
	assist aid
	job career
	car automobile
	bike bicycle
	mother mom mum mama
	father dad papa
	grandmother grandma granny
	grandfather grandpa
	boyfriend bf
	girlfriend gf
	colour color
	favourite favorite
	behaviour behavior
	flavour flavor
	honour honor
	labour labor
	neighbour neighbor
	centre center
	theatre theater
	metre meter
	litre liter
	defence defense
	licence license
	programme program
	grey gray
	tyre tire
	cheque check
	analyse analyze
	travelling traveling travel
	cancelled canceled cancel
	info information
	uni university
	maths math mathematics
	exam examination
	ad advertisement advert
	lab laboratory
	tv television
	usa america us
	annually annual yearly
	uk britain
`)

// kept are words whose last letters are no endings, and words that two letters distinguish from others.
var kept = set(`news physics mathematics politics economics series species means always perhaps thus this his its us bus gas plus minus yes less class business process access address
	success loss glass grass boss miss pass cross stress press princess illness virus status analysis basis crisis bonus campus focus lens chaos canvas atlas christmas texas
	thing king ring sing spring string bring wing sting evening morning nothing something anything everything during ceiling building meeting wedding
	red bed need feed seed speed weed bleed breed shed led bred sacred hundred indeed exceed proceed succeed
	https hardly dessert latter dinner comma holly`)

// stem is a key without the endings of inflection, so that forms of one word are the same. It is
// light: what is left out are plural, -ed, -ing and -ly, and letters are doubled no more.
func stem(key string) string {
	if base := irregular[key]; base != "" {
		return base
	}
	if len(key) < 4 || kept[key] || !ascii(key) {
		return key
	}
	s := singular(key)
	switch {
	case strings.HasSuffix(s, "ied") && len(s) > 4:
		s = s[:len(s)-3] + "y"
	case strings.HasSuffix(s, "ing") && vowel(s[:len(s)-3]) && len(s) > 5:
		s = s[:len(s)-3]
	case strings.HasSuffix(s, "ed") && vowel(s[:len(s)-2]) && len(s) > 4:
		s = s[:len(s)-2]
	case strings.HasSuffix(s, "ly") && len(s) > 5:
		s = s[:len(s)-2]
	}
	if base := irregular[s]; base != "" {
		return base
	}
	if kept[s] {
		return s
	}
	if len(s) > 3 {
		s = strings.TrimSuffix(strings.ReplaceAll(undoubled(s), "ei", "ie"), "e")
	}
	if n := len(s); n > 3 && s[n-1] == 'y' {
		s = s[:n-1] + "i"
	}
	if base := irregular[s]; base != "" {
		return base
	}
	return s
}

// singular is a key without the s of the plural.
func singular(key string) string {
	n := len(key)
	switch {
	case n < 4 || kept[key] || !strings.HasSuffix(key, "s") || strings.HasSuffix(key, "ss") || strings.HasSuffix(key, "us") || strings.HasSuffix(key, "is"):
		return key
	case strings.HasSuffix(key, "ies") && n > 4:
		return key[:n-3] + "y"
	case strings.HasSuffix(key, "ches"), strings.HasSuffix(key, "shes"), strings.HasSuffix(key, "sses"), strings.HasSuffix(key, "xes"), strings.HasSuffix(key, "zes"):
		return key[:n-2]
	}
	return key[:n-1]
}

func vowel(s string) bool { return strings.ContainsAny(s, "aeiouy") }

// undoubled writes each doubled letter once.
func undoubled(s string) string {
	at := 1
	for at < len(s) && s[at] != s[at-1] {
		at++
	}
	if at >= len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)), s[:at]...)
	for i := at; i < len(s); i++ {
		if s[i] != s[i-1] {
			b = append(b, s[i])
		}
	}
	return string(b)
}
