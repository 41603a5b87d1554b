package verify

// unitOf has the units of measure, as they are spelled and abbreviated after a number, and the one
// name of each.
var unitOf = groups(`
	kilometre kilometres kilometer kilometers km kms
	metre metres meter meters m mtr
	centimetre centimetres centimeter centimeters cm cms
	millimetre millimetres millimeter millimeters mm
	micrometre micrometer micrometers micron microns um
	nanometre nanometer nanometers nm
	mile miles mi meile meilen
	yard yards yd yds
	foot feet ft
	inch inches in
	kilogram kilograms kilogramme kilo kilos kg kgs kilogramm
	gram grams gramme grammes gm gms g gramm
	milligram milligrams mg
	microgram micrograms mcg
	tonne tonnes ton tons t tonnen
	pound pounds
	lb lbs
	ounce ounces oz
	stone
	litre litres liter liters l ltr
	millilitre millilitres milliliter milliliters ml
	gallon gallons gal
	pint pints pt
	quart quarts qt
	cup cups
	teaspoon teaspoons tsp
	tablespoon tablespoons tbsp
	celsius centigrade c
	fahrenheit f
	kelvin
	degree degrees deg grad
	percent percentage pct prozent pourcent
	kilobyte kilobytes kb
	megabyte megabytes mb
	gigabyte gigabytes gb gig gigs
	terabyte terabytes tb
	petabyte pb
	kibibyte kib
	mebibyte mib
	gibibyte gib
	tebibyte tib
	byte bytes
	bit bits
	kbps
	mbps
	gbps
	hertz hz
	kilohertz khz
	megahertz mhz
	gigahertz ghz
	watt watts w
	kilowatt kilowatts kw
	megawatt megawatts mw
	kilowatthour kwh
	volt volts v
	millivolt mv
	ampere amperes amps amp
	milliampere ma mah
	ohm ohms
	joule joules j
	calorie calories cal
	kilocalorie kcal kcals
	newton newtons
	pascal pa
	kilopascal kpa
	bar bars
	psi
	horsepower hp bhp
	mph
	kmh kmph kph
	knot knots
	acre acres
	hectare hectares ha
	sqft
	sqm
	pixel pixels px
	megapixel megapixels mp
	token tokens
	nanosecond nanoseconds ns
	millisecond milliseconds ms millis
	second seconds sec secs s sekunde sekunden seconde secondes segundo segundos
	minute minutes min mins minuten minuto minutos
	hour hours hr hrs h stunde stunden heure heures hora horas
	day days tag tage tagen jour jours dia dias
	week weeks wk wks woche wochen semaine semaines semana semanas
	fortnight fortnights
	month months monat monate monaten mois mes meses
	quarter quarters
	year years yr yrs jahr jahre jahren ans annee annees ano anos
	decade decades
	century centuries
	dollar dollars usd us$ $ bucks
	euro euros eur €
	pence penny
	sterling gbp £ quid
	yen jpy ¥
	yuan rmb cny renminbi
	rupee rupees rs inr ₹ rupie rupien
	franc francs chf
	krw ₩
	rouble rubles ruble rub ₽
	peso pesos mxn
	reais brl
	cent cents
	bitcoin bitcoins btc
	ether eth
	cad
	aud
	sgd
	naira ngn
	dirham aed dirhams
	krona sek
	zloty pln
	shekel ils ₪
`)

// spelled are the units that are units without a number, too: "convert miles to kilometres".
var spelled = groups(`
	kilometre kilometres kilometer kilometers km kms
	metre metres meter meters
	centimetre centimetres centimeter centimeters cm cms
	millimetre millimetres millimeter millimeters mm
	mile miles
	yard yards
	feet
	inch inches
	kilogram kilograms kilo kilos kg kgs
	gram grams
	milligram milligrams mg
	tonne tonnes ton tons
	lb lbs
	ounce ounces oz
	litre litres liter liters
	millilitre millilitres milliliter milliliters ml
	gallon gallons
	celsius centigrade
	fahrenheit
	kelvin
	percent percentage
	kilobyte kilobytes kb
	megabyte megabytes mb
	gigabyte gigabytes gb
	terabyte terabytes tb
	byte bytes
	bit bits
	hertz
	megahertz mhz
	gigahertz ghz
	watt watts
	kilowatt kilowatts kw
	volt volts
	ampere amperes amps
	ohm ohms
	joule joules
	calorie calories
	mph
	kmh kmph kph
	acre acres
	hectare hectares
	second seconds
	minute minutes
	hour hours
	day days
	week weeks
	month months
	year years
	decade decades
	century centuries
	dollar dollars usd $
	euro euros eur €
	sterling gbp £
	yen jpy ¥
	yuan rmb cny
	rupee rupees inr ₹
	franc francs chf
	rouble rubles ruble
	peso pesos
	bitcoin bitcoins btc
`)

// currencies stand before their number, too.
var currencies = groups(`
	dollar $ usd us$
	euro € eur
	sterling £ gbp
	yen ¥ jpy
	rupee ₹ rs inr
	yuan rmb cny
	franc chf
	krw ₩
	rouble ₽
	shekel ₪
	bitcoin ₿ btc
`)

// unitsOf are the units of the numbers of tokens, and those that are named without a number.
func unitsOf(tokens []token) (measured, named []string) {
	for i, t := range tokens {
		switch {
		case t.kind == number && t.unit != "":
			measured = append(measured, unitOf[t.unit])
		case t.key == "%" || t.key == "percent" || t.key == "percentage":
			measured = append(measured, "percent")
		case t.kind == number:
		case currencies[t.key] != "" && i+1 < len(tokens) && tokens[i+1].kind == number:
			measured = append(measured, currencies[t.key])
		case unitOf[t.key] != "" && counts(tokens, i) && !(t.key == "in" && t.spaced):
			measured = append(measured, unitOf[t.key])
		case spelled[t.key] != "" && !(t.key == "second" && i > 0 && tokens[i-1].key == "the"):
			named = append(named, unitOf[t.key])
		}
	}
	return sorted(measured), sorted(named)
}

// counts reports whether a number is before the unit at i, with at most a hyphen or a degree sign
// between them.
func counts(tokens []token, i int) bool {
	if i > 0 && (tokens[i-1].key == "-" && !tokens[i-1].spaced || tokens[i-1].key == "°") {
		i--
	}
	return i > 0 && tokens[i-1].kind == number && tokens[i-1].unit == ""
}

// unitsDiffer reports whether the numbers of two questions are of different units, or each names a
// unit that the other lacks.
func unitsDiffer(a, b *Question) bool {
	return lacksUnit(b, a.measured) || lacksUnit(a, b.measured) || lacks(b.units, a.named) && lacks(a.units, b.named)
}

// lacksUnit reports whether a question lacks one of some units. One that it names without a number
// is of no account if it has others with numbers. Pounds are of weight or of money.
func lacksUnit(q *Question, units []string) bool {
	has := q.measured
	if len(has) == 0 {
		has = q.named
	}
	for _, u := range units {
		switch {
		case contains(has, u):
		case u == "pound" && (contains(has, "lb") || contains(has, "sterling")):
		case (u == "lb" || u == "sterling") && contains(has, "pound"):
		default:
			return true
		}
	}
	return false
}
