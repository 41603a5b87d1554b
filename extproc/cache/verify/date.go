package verify

import (
	"strconv"
	"strings"
)

// months has the names of months, and what stands for them only beside a number or a preposition,
// because it is a word as well.
var months = groups(`
	january januar janvier enero
	february februar fevrier febrero feb
	march marz maerz mars marzo
	april avril abril apr
	may mai mayo
	june juni juin junio jun
	july juli juillet julio jul
	august aout agosto aug
	september septembre septiembre sept
	october oktober octobre octubre oct
	november novembre noviembre nov
	december dezember decembre diciembre
`)

var doubtfulMonths = map[string]string{"march": "march", "may": "may", "mar": "march", "dec": "december", "jan": "january", "sep": "september", "mars": "march", "mai": "may"}

var monthNames = strings.Fields("january february march april may june july august september october november december")

// weekdays are the names of days.
var weekdays = groups(`
	monday mondays montag lundi lunes
	tuesday tuesdays dienstag mardi martes tue tues
	wednesday wednesdays mittwoch mercredi miercoles
	thursday thursdays donnerstag jeudi jueves thu thur thurs
	friday fridays freitag vendredi viernes fri
	saturday saturdays samstag samedi sabado
	sunday sundays sonntag dimanche domingo
`)

// relativeDays are days as seen from today.
var relativeDays = groups(`
	today heute aujourdhui hoy
	tomorrow tmrw morgen demain manana
	yesterday gestern hier ayer
	tonight
	weekend weekends wochenende
`)

// relations make a date of the period after them: last week.
var relations = groups(`
	last past previous letzte letzten letzter letztes
	next coming upcoming following nachste nachsten nachster nachstes
	this current diese dieses diesen dieser
`)

var periods = set("day week month year quarter night morning evening afternoon summer winter spring autumn fall semester season decade century century woche monat jahr")

// afterDates are words after which a doubtful name is that of a month.
var beforeMonths = set("in of since until till by last next this during from to every and early late mid im en")

// meridiem are the halves of a day.
var meridiem = map[string]string{"am": "am", "pm": "pm"}

// dated writes the dates of tokens in one way: those of digits as day, month and year, and the
// names of months and days in full. Times of twelve hours become those of 24.
func dated(tokens []token) []token {
	out := make([]token, 0, len(tokens))
	for i := 0; i < len(tokens); {
		if date, n := digitDate(tokens[i:]); n > 0 {
			out = append(out, date...)
			i += n
			continue
		}
		t := tokens[i]
		if t.kind == number {
			if hour, n := clock(tokens[i:]); n > 0 {
				t.key, t.unit = hour, ""
				out = append(out, t)
				i += n
				continue
			}
		}
		if t.kind == word {
			if m := month(tokens, i); m != "" {
				t.key = m
			} else if d := weekdays[t.key]; d != "" {
				t.key = d
			} else if d := relativeDays[t.key]; d != "" {
				t.key = d
			}
		}
		out = append(out, t)
		i++
	}
	return out
}

// month is the name of the month that a word is; "": it is none.
func month(tokens []token, i int) string {
	key := tokens[i].key
	full, doubtful := months[key], doubtfulMonths[key]
	if doubtful == "" {
		return full
	}
	if i > 0 && (tokens[i-1].kind == number || beforeMonths[tokens[i-1].key]) || i+1 < len(tokens) && tokens[i+1].kind == number {
		return doubtful
	}
	return ""
}

// clock reads an hour of twelve at the beginning of tokens: 5pm, 5:30 p.m.
func clock(tokens []token) (hour string, n int) {
	half, n := meridiem[tokens[0].unit], 1
	if half == "" && tokens[0].unit == "" && len(tokens) > 1 {
		half, n = meridiem[tokens[1].key], 2
	}
	h, minutes, _ := strings.Cut(tokens[0].key, ":")
	v, err := strconv.Atoi(h)
	if half == "" || err != nil || v < 1 || v > 12 {
		return "", 0
	}
	v %= 12
	if half == "pm" {
		v += 12
	}
	if minutes == "" {
		minutes = "00"
	}
	return strconv.Itoa(v) + ":" + minutes, n
}

// digitDate reads a date of digits at the beginning of tokens: 2024-05-01, 1.5.2024, 5/1/2024. Of
// those with slashes it is not known which is the day, unless it is above 12.
func digitDate(tokens []token) (date []token, n int) {
	if tokens[0].kind != number {
		return nil, 0
	}
	if p := strings.Split(tokens[0].key, "."); len(p) == 3 && len(p[2]) == 4 {
		return ofParts(tokens[0], p[0], p[1], p[2]), 1
	}
	if len(tokens) < 5 || tokens[2].kind != number || tokens[4].kind != number || tokens[1].key != tokens[3].key {
		return nil, 0
	}
	a, b, c := tokens[0].key, tokens[2].key, tokens[4].key
	if tokens[1].spaced || tokens[2].spaced {
		return nil, 0
	}
	switch separator := tokens[1].key; {
	case (separator == "-" || separator == "/") && len(a) == 4:
		date = ofParts(tokens[0], c, b, a)
	case separator == "/" && len(b) == 2 && b > "12":
		date = ofParts(tokens[0], b, a, c)
	case separator == "/" && len(a) == 2 && a > "12":
		date = ofParts(tokens[0], a, b, c)
	}
	if date == nil {
		return nil, 0
	}
	return date, 5
}

// ofParts is a date as tokens; nil: there is no such date.
func ofParts(t token, day, month, year string) []token {
	d, err1 := strconv.Atoi(day)
	m, err2 := strconv.Atoi(month)
	if err1 != nil || err2 != nil || d < 1 || d > 31 || m < 1 || m > 12 {
		return nil
	}
	dayToken, monthToken, yearToken := t, t, t
	dayToken.key, dayToken.unit = strconv.Itoa(d), ""
	monthToken.kind, monthToken.key, monthToken.raw, monthToken.unit = word, monthNames[m-1], monthNames[m-1], ""
	yearToken.key, yearToken.unit = year, ""
	return []token{dayToken, monthToken, yearToken}
}

// datesOf are the dates of tokens that dated has gone over.
func datesOf(tokens []token) (dates []string) {
	for i, t := range tokens {
		if t.kind != word {
			continue
		}
		switch {
		case isMonth[t.key] && month(tokens, i) != "", weekdays[t.key] == t.key, relativeDays[t.key] == t.key:
			dates = append(dates, t.key)
		case i > 0 && periods[singular(t.key)] && relations[tokens[i-1].key] != "":
			dates = append(dates, relations[tokens[i-1].key]+" "+singular(t.key))
		}
		if i > 0 && (weekdays[t.key] != "" || isMonth[t.key]) && relations[tokens[i-1].key] != "" {
			dates = append(dates, relations[tokens[i-1].key])
		}
	}
	return sorted(dates)
}

var isMonth = set("january february march april may june july august september october november december")
