package verify

import (
	"unicode"
	"unicode/utf8"
)

// The languages that are known by words. Others are known by script alone.
const (
	english    = "en"
	german     = "de"
	french     = "fr"
	spanish    = "es"
	italian    = "it"
	portuguese = "pt"
	dutch      = "nl"
)

// common are frequent words of each language, the most telling first, as keys.
var common = map[string]map[string]bool{
	english:    set("the is are what how why when where which who does do did of and to for my your can should with from would will has have it that this an you be was were i me please"),
	german:     set("der die das ist sind und wie warum wann wo wer welche welcher welches nicht ein eine einen einem einer ich du wir sie mein meine meinen meinem kann mit von fur auf zu zum zur den dem des im bei nach wird werden gibt es kein keine uber aus habe hat mir mich oder ihr ihre auch"),
	french:     set("le la les des est sont et comment pourquoi quand ou qui quel quelle quels quelles ne pas un une je tu nous vous mon ma mes puis avec de du pour sur dans au aux ce cette il elle que quoi faire peut etre sans"),
	spanish:    set("el la los las es son y como porque cuando donde quien cual cuales no un una yo tu mi mis puedo con de del para por en que se lo al hay hacer puede sin esta este"),
	italian:    set("il lo la gli le e sono come perche quando dove chi quale quali non un una io mio mia posso con di del della per su che si al cosa fare puo senza questo questa"),
	portuguese: set("o os as um uma e sao como porque quando onde quem qual quais nao eu meu minha posso com de do da dos para por em no na que se ao fazer pode sem esta este"),
	dutch:      set("de het een is zijn en hoe waarom wanneer waar wie welke niet ik jij wij mijn kan met van voor op naar wordt worden er geen over uit hebben heeft ook dat dit wat"),
}

// deniers are the words of each language that deny.
var deniers = map[string]map[string]bool{
	english: set(`not no never without none nobody nothing nowhere neither nor non minus lacks lacking unable unless impossible illegal unlawful unsafe unhealthy unhappy unknown unavailable unauthorized unofficial unpaid unused unfinished uncommon unlikely
		unreliable unstable unnecessary unlimited unfair untrue unmarried unrelated unusual unwanted unwell unaware uncertain unclear unable incorrect incapable invalid ineligible inaccurate irrelevant improbable`),
	german:  set("nicht kein keine keinen keinem keiner keines nie niemals ohne niemand nichts"),
	french:  set("pas jamais sans rien aucun aucune personne"),
	spanish: set("no nunca sin jamas nada nadie ningun ninguna ninguno"),
}

// languageOf is the language or the script of tokens; "": it is not clear.
func languageOf(tokens []token) string {
	letters := map[string]int{}
	total := 0
	hits := map[string]int{}
	for _, t := range tokens {
		if t.kind != word {
			continue
		}
		n := utf8.RuneCountInString(t.key)
		r, _ := utf8.DecodeRuneInString(t.key)
		letters[scriptOf(r)] += n
		total += n
		for l, words := range common {
			if words[t.key] {
				hits[l]++
			}
		}
	}
	if letters["Kana"] > 0 { // Japanese, of which Han is a part
		letters["Kana"] += letters["Han"]
		letters["Han"] = 0
	}
	for script, n := range letters {
		if script != "" && 2*n > total {
			return script
		}
	}
	return most(hits)
}

// most is the language with more hits than any other has; "": there is none.
func most(hits map[string]int) string {
	best, n, second := "", 0, 0
	for l, h := range hits {
		switch {
		case h > n:
			best, n, second = l, h, n
		case h > second:
			second = h
		}
	}
	if n == second {
		return ""
	}
	return best
}

var scripts = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"Cyrillic", unicode.Cyrillic}, {"Greek", unicode.Greek}, {"Arabic", unicode.Arabic}, {"Hebrew", unicode.Hebrew},
	{"Devanagari", unicode.Devanagari}, {"Bengali", unicode.Bengali}, {"Tamil", unicode.Tamil}, {"Telugu", unicode.Telugu},
	{"Thai", unicode.Thai}, {"Hangul", unicode.Hangul}, {"Kana", unicode.Hiragana}, {"Kana", unicode.Katakana}, {"Han", unicode.Han},
	{"Armenian", unicode.Armenian}, {"Georgian", unicode.Georgian}, {"Ethiopic", unicode.Ethiopic},
}

// scriptOf is the script of a letter; "": Latin, or one that is not looked at.
func scriptOf(r rune) string {
	if r < 0x370 {
		return ""
	}
	for _, s := range scripts {
		if unicode.Is(s.table, r) {
			return s.name
		}
	}
	return ""
}

// languagesDiffer reports whether two questions are clearly in two languages.
func languagesDiffer(a, b string) bool {
	if a == "" || b == "" || a == b {
		return false
	}
	return !(a == "Han" && b == "Kana" || a == "Kana" && b == "Han")
}

// denial is what a question denies.
type denial struct {
	count int    // how often: twice is not at all
	inner int    // how often in relative clauses, where it denies something else
	first string // stem of what the first one denies; "": that is not clear
}

func denialOf(tokens []token, language string) (d denial) {
	words := deniers[language]
	if words == nil {
		words = deniers[english]
	}
	relative := false
	for i, t := range tokens {
		switch {
		case t.kind == mark:
			relative = false
		case relatives[t.key] && i > 0 && tokens[i-1].kind == word && !says(language, tokens[i-1].key):
			relative = true
		}
		if !denies(tokens, i, words) {
			continue
		}
		if d.count++; d.count == 1 && !fronted(tokens, i) {
			d.first = nextContent(tokens[i+1:], language)
		}
		if relative {
			d.inner++
		}
	}
	return d
}

// fronted reports whether a verb that is contracted with not is before its subject: "don't people".
func fronted(tokens []token, i int) bool {
	if !tokens[i].denies {
		return false
	}
	if i > 0 && (questioning[tokens[i-1].key] || relatives[tokens[i-1].key] && tokens[i-1].first) {
		return true
	}
	return i == 0 || tokens[i].first || tokens[i-1].kind == mark
}

var questioning = set("what when where why how and or but so")

// nextContent is the stem of the first word of content; "": a mark or nothing comes before it.
func nextContent(tokens []token, language string) string {
	for _, t := range tokens {
		switch {
		case t.kind == mark:
			return ""
		case t.kind == word && !says(language, t.key):
			return stem(t.key)
		}
	}
	return ""
}

// denialsDiffer reports whether one question denies and the other does not, or they clearly deny
// different things, of which both speak.
func denialsDiffer(a, b *Question) bool {
	x, y := a.denial, b.denial
	if x.count%2 != y.count%2 {
		return true
	}
	if x.count != 1 || y.count != 1 || x.first == y.first {
		return false
	}
	return x.inner != y.inner || contains(a.stems, y.first) && contains(b.stems, x.first)
}

// relatives are the words that begin a relative clause after a noun.
var relatives = set("who that which whose")

// denies reports whether a token denies.
func denies(tokens []token, i int, words map[string]bool) bool {
	t := tokens[i]
	switch {
	case t.denies:
		return true
	case t.kind != word || !words[t.key]:
		return false
	case t.key == "no":
		return i+1 == len(tokens) || tokens[i+1].kind != number && tokens[i+1].key != "." && tokens[i+1].key != "matter" // No. 5, no matter
	case t.key == "not":
		return !optional(tokens, i)
	case t.key == "none":
		return i == 0 || !words[tokens[i-1].key]
	}
	return t.key != "nor"
}

// optional reports whether a not denies nothing: whether or not, why or why not, not only.
func optional(tokens []token, i int) bool {
	before := func(n int) string {
		if i < n {
			return ""
		}
		return tokens[i-n].key
	}
	return before(1) == "or" || before(1) == "if" || before(1) == "why" && before(2) == "or" || i+1 < len(tokens) && tokens[i+1].key == "only"
}

// commaDecimals are languages that write 1.000,5.
func commaDecimals(language string) bool {
	switch language {
	case german, french, spanish, italian, portuguese, dutch:
		return true
	}
	return false
}

// says reports whether a word is one of the frequent ones of a language, or of English.
func says(language, key string) bool {
	return grammar[key] || language != english && common[language][key]
}
