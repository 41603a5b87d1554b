package verify

import (
	"maps"
	"strconv"
	"strings"
)

// number adds a number as people write it: with separators, and with what is written at once after
// it, such as 1,000.50, 7.1.2, 2nd, 5k, 5km, 4o or 10:30.
func (l *lexer) number() {
	end := l.numeral(l.at)
	key := canonical(l.text[l.at:end], l.commaDecimal)
	after := l.letters(end)
	if l.digits(after) > after && after > end {
		l.mixed()
		return
	}
	t := token{kind: number, raw: l.text[l.at:after]}
	switch suffix := plain(l.text[end:after]); {
	case suffix == "" || ordinals[suffix] && !strings.Contains(key, "."):
		t.key = key
	case suffix == "k":
		t.key = scaled(key, 1000)
	case spelled[suffix] != "" || unitOf[suffix] != "" || meridiem[suffix] != "":
		t.key, t.unit = key, suffix
	default:
		t.key = key + suffix
	}
	if l.negative() {
		t.key = "-" + t.key
	}
	l.add(t, after-l.at)
}

// numeral returns the end of the digits and their separators from i on.
func (l *lexer) numeral(i int) int {
	end := l.digits(i)
	for end+1 < len(l.text) && isDigit(rune(l.text[end+1])) {
		next := l.digits(end + 1)
		switch l.text[end] {
		case '.', ':':
		case '\'':
			if next-end != 4 {
				return end
			}
		case ',': // of thousands, or of a decimal; else of a list
			if next-end != 4 && !l.decimalComma(i, end, next) {
				return end
			}
		default:
			return end
		}
		end = next
	}
	return end
}

// decimalComma reports whether the comma at the end of digits from i on is that of a decimal, whose
// digits go on until next: one of two at most, in no list, after thousands with points if any.
func (l *lexer) decimalComma(i, end, next int) bool {
	before := l.text[i:end]
	return next-end <= 3 && !l.is(next, ',') && !(i > 0 && l.text[i-1] == ',') && !strings.Contains(before, ",") &&
		(!strings.Contains(before, ".") || groupsOfThree(before, "."))
}

// negative reports whether a minus sign is before the number, and not a hyphen or the sign of a
// difference.
func (l *lexer) negative() bool {
	n := len(l.tokens)
	if n == 0 || l.at == 0 || l.text[l.at-1] != '-' {
		return false
	}
	if n == 1 {
		return true
	}
	before := l.tokens[n-2]
	return l.tokens[n-1].spaced && before.kind != number || before.kind == mark && before.key != ")"
}

// canonical writes digits with separators in one way. Versions and times keep theirs.
func canonical(digits string, commaDecimal bool) string {
	digits = strings.ReplaceAll(digits, "'", "")
	points, commas := strings.Count(digits, "."), strings.Count(digits, ",")
	switch {
	case strings.Contains(digits, ":"):
		return trimZeros(digits)
	case commas > 0 && points > 0 && strings.LastIndex(digits, ",") > strings.LastIndex(digits, "."): // 1.000,50
		digits = strings.ReplaceAll(strings.ReplaceAll(digits, ".", ""), ",", ".")
	case commas == 1 && points == 0 && !(groupsOfThree(digits, ",") && !commaDecimal):
		digits = strings.ReplaceAll(digits, ",", ".")
	case commas > 0:
		digits = strings.ReplaceAll(digits, ",", "")
	case points > 1 && groupsOfThree(digits, "."), points == 1 && commaDecimal && groupsOfThree(digits, "."):
		digits = strings.ReplaceAll(digits, ".", "")
	}
	return trimZeros(strings.TrimSuffix(digits, ".00"))
}

// groupsOfThree reports whether a separator is one of thousands.
func groupsOfThree(digits, separator string) bool {
	parts := strings.Split(digits, separator)
	if len(parts[0]) > 3 || parts[0] == "0" {
		return false
	}
	for _, p := range parts[1:] {
		if len(p) != 3 {
			return false
		}
	}
	return true
}

// trimZeros leaves out a zero at the beginning of a day, a month or an hour. Longer ones are codes.
func trimZeros(digits string) string {
	if len(digits) > 1 && digits[0] == '0' && isDigit(rune(digits[1])) && (len(digits) == 2 || digits[2] == ':') {
		return digits[1:]
	}
	return digits
}

// scaled is a number times a thousand, a million and the like.
func scaled(key string, by float64) string {
	v, err := strconv.ParseFloat(key, 64)
	if err != nil { // a version
		return key + "*" + strconv.FormatFloat(by, 'f', -1, 64)
	}
	return strconv.FormatFloat(v*by, 'f', -1, 64)
}

// ordinals are what makes a number an ordinal.
var ordinals = set("st nd rd th er ere e eme te ten ter")

// counting has the numbers below twenty, and ordinals, of each language; tens, hundred and the
// scales beside them.
var counting = map[string]map[string]float64{
	english: numerals(`zero 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 ten 10 eleven 11 twelve 12 thirteen 13 fourteen 14 fifteen 15
		sixteen 16 seventeen 17 eighteen 18 nineteen 19 twenty 20 thirty 30 forty 40 fourty 40 fifty 50 sixty 60 seventy 70 eighty 80 ninety 90
		hundred 100 thousand 1000 million 1e6 billion 1e9 trillion 1e12 lakh 1e5 lakhs 1e5 crore 1e7 crores 1e7 dozen 12
		first 1 second 2 third 3 fourth 4 fifth 5 sixth 6 seventh 7 eighth 8 ninth 9 tenth 10 eleventh 11 twelfth 12 thirteenth 13 fifteenth 15 twentieth 20 thirtieth 30 hundredth 100
		once 1 twice 2 thrice 3 half 0.5 single 1 hundreds 100 thousands 1000 millions 1e6 billions 1e9
		ii 2 iii 3 iv 4 vi 6 vii 7 viii 8 ix 9 xi 11 xii 12 xiii 13 xiv 14 xv 15 xvi 16 xvii 17 xviii 18`),
	german: compounds(`null 0 eins 1 zwei 2 drei 3 vier 4 funf 5 fuenf 5 sechs 6 sieben 7 acht 8 neun 9 zehn 10 elf 11 zwolf 12 zwoelf 12 zwanzig 20 dreissig 30 vierzig 40 funfzig 50
		sechzig 60 siebzig 70 achtzig 80 neunzig 90 hundert 100 tausend 1000 million 1e6 millionen 1e6 milliarde 1e9 milliarden 1e9 halb 0.5 halbe 0.5
		erste 1 ersten 1 zweite 2 zweiten 2 dritte 3 dritten 3 vierte 4 vierten 4 einmal 1 zweimal 2 dreimal 3`),
	french: numerals(`zero 0 deux 2 trois 3 quatre 4 cinq 5 six 6 sept 7 huit 8 neuf 9 dix 10 onze 11 douze 12 treize 13 quatorze 14 quinze 15 seize 16 vingt 20 trente 30 quarante 40
		cinquante 50 soixante 60 cent 100 mille 1000 million 1e6 millions 1e6 milliard 1e9 milliards 1e9 demi 0.5 premier 1 premiere 1 deuxieme 2 troisieme 3 quatrieme 4`),
	spanish: numerals(`cero 0 dos 2 tres 3 cuatro 4 cinco 5 seis 6 siete 7 ocho 8 nueve 9 diez 10 once 11 doce 12 trece 13 catorce 14 quince 15 veinte 20 treinta 30 cuarenta 40 cincuenta 50
		sesenta 60 setenta 70 ochenta 80 noventa 90 cien 100 ciento 100 mil 1000 millon 1e6 millones 1e6 medio 0.5 media 0.5 primer 1 primero 1 primera 1 segundo 2 segunda 2 tercero 3 tercera 3`),
}

// everywhere are number words that mean the same whatever the language is, for texts of which it
// is not clear.
var everywhere = func() map[string]float64 {
	m := maps.Clone(counting[english])
	for _, language := range []string{german, french, spanish} {
		for w := range strings.FieldsSeq("zwei drei vier funf sechs sieben neun zehn zwanzig dreissig neunzig deux trois quatre cinq huit neuf vingt trente quarante tres cuatro cinco seis siete ocho nueve diez veinte treinta") {
			if v := counting[language][w]; v > 0 {
				m[w] = v
			}
		}
	}
	return m
}()

// compounds are numerals, and those that German writes as one word, such as zweiundzwanzig.
func compounds(list string) map[string]float64 {
	m := numerals(list)
	for i, unit := range strings.Fields("ein zwei drei vier funf sechs sieben acht neun") {
		v := float64(i + 1)
		for _, tens := range strings.Fields("zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig") {
			m[unit+"und"+tens] = v + m[tens]
		}
		m[unit+"hundert"], m[unit+"tausend"] = v*100, v*1000
	}
	return m
}

// firstWords are the words for one that count.
var firstWords = set("first erste ersten premier premiere primer primero primera")

// numerals reads words and their numbers in turn.
func numerals(list string) map[string]float64 {
	m := map[string]float64{}
	fields := strings.Fields(list)
	for i := 0; i+1 < len(fields); i += 2 {
		m[fields[i]], _ = strconv.ParseFloat(fields[i+1], 64) // the list is ours: TestNumerals reads it
	}
	return m
}

// counted turns number words into numbers, those of several words such as "two hundred and five"
// into one, and puts scales such as million to the number before them. A word for one, unless it is
// an ordinal, is left a word, and loose is true: "how does one" counts nothing.
func counted(tokens []token, values map[string]float64) (out []token, loose bool) {
	out = tokens[:0]
	for i := 0; i < len(tokens); {
		t := tokens[i]
		_, counts := values[t.key]
		switch {
		case t.kind == number && t.unit == "" && i+1 < len(tokens) && scaleOf(values, tokens[i+1].key) > 0:
			t.key = scaled(t.key, scaleOf(values, tokens[i+1].key))
			out = append(out, t)
			i += 2
		case t.kind != word || !counts || t.denies || isDuration(tokens, i):
			out = append(out, t)
			i++
		default:
			total, n := sum(tokens[i:], values)
			if total == 1 && !firstWords[t.key] {
				loose = true
			} else {
				t.kind, t.key = number, strconv.FormatFloat(total, 'f', -1, 64)
				t.tied = false
			}
			out = append(out, t)
			i += n
		}
	}
	return out, loose
}

// scaleOf is what a number before a word is multiplied by; 0: the word is no scale.
func scaleOf(values map[string]float64, key string) float64 {
	if v := values[key]; v >= 100 && key != "cent" {
		return v
	}
	return 0
}

// isDuration reports whether second is the unit of time: "30 second", "per second".
func isDuration(tokens []token, i int) bool {
	if tokens[i].key != "second" || i == 0 {
		return false
	}
	before := tokens[i-1]
	return before.kind == number || before.key == "per" || before.key == "-" && i > 1 && tokens[i-2].kind == number
}

// sum adds up the number words at the beginning of tokens, and returns how many tokens they are.
func sum(tokens []token, values map[string]float64) (total float64, n int) {
	current, last := 0.0, 0.0
	for n < len(tokens) {
		at := n
		if n > 0 && joins(tokens, n, values) {
			at++
		}
		if at >= len(tokens) || tokens[at].kind != word {
			break
		}
		v, ok := values[tokens[at].key]
		switch {
		case !ok || isDuration(tokens, at):
			return total + current, n
		case n == 0:
			current = v
		case v >= 1000 && last < v:
			total, current = total+current*v, 0
		case v == 100 && current > 0 && current < 100:
			current *= v
		case v < 100 && current >= 100 && last >= 100, v < 100 && current == 0, v < 10 && v >= 1 && last >= 20 && last < 100:
			current += v
		default:
			return total + current, n
		}
		last, n = v, at+1
	}
	return total + current, n
}

// joins reports whether a mark or a word stands between two words of one number: twenty-five, two
// hundred and five.
func joins(tokens []token, i int, values map[string]float64) bool {
	before := values[tokens[i-1].key]
	switch tokens[i].key {
	case "-":
		return !tokens[i].spaced
	case "and", "und", "et":
		return before >= 100
	case "y":
		return before >= 30
	}
	return false
}
