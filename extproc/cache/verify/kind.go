package verify

import "strings"

// member is a word that is one of several of its kind, by stem.
type member struct {
	word string
	kind int
}

// properKinds are kinds of names, and commonKinds of other things, a line each. Two questions that
// name different ones of a kind are not the same. Words that have another common meaning are left
// out.
const properKinds = `
	afghanistan albania algeria andorra angola argentina armenia australia austria azerbaijan bahamas bahrain bangladesh barbados belarus belgium belize benin bhutan bolivia bosnia botswana brazil brunei bulgaria burundi cambodia cameroon canada chile china colombia croatia cuba cyprus czechia denmark djibouti dominica ecuador egypt england eritrea estonia eswatini ethiopia fiji finland france gabon gambia germany ghana greece grenada guatemala guinea guyana haiti honduras hungary iceland india indonesia iran iraq ireland israel italy jamaica japan jordan kazakhstan kenya kiribati kosovo kuwait kyrgyzstan laos latvia lebanon lesotho liberia libya liechtenstein lithuania luxembourg madagascar malawi malaysia maldives mali malta mauritania mauritius mexico micronesia moldova monaco mongolia montenegro morocco mozambique myanmar namibia nauru nepal netherlands nicaragua niger nigeria norway oman pakistan palau palestine panama paraguay peru philippines poland portugal qatar romania russia rwanda samoa scotland senegal serbia seychelles singapore slovakia slovenia somalia spain sudan suriname sweden switzerland syria taiwan tajikistan tanzania thailand togo tonga tunisia turkmenistan tuvalu uganda ukraine uruguay usa uk uzbekistan vanuatu venezuela vietnam wales yemen zambia zimbabwe
	alabama alaska arizona arkansas california colorado connecticut delaware florida hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont wisconsin wyoming
	bavaria saxony hesse thuringia brandenburg
	gujarat kerala karnataka maharashtra punjab rajasthan bihar assam odisha haryana telangana
	africa asia europe antarctica oceania
	atlantic pacific arctic
	german french spanish italian portuguese dutch english swedish danish norwegian finnish polish russian czech hungarian greek turkish arabic hebrew persian hindi urdu bengali tamil telugu marathi gujarati punjabi kannada malayalam chinese mandarin cantonese japanese korean vietnamese thai indonesian latin esperanto
	python java javascript typescript golang rust kotlin scala perl php haskell fortran cobol matlab
	windows linux macos ubuntu debian fedora android ios
	chrome firefox safari opera edge
	mysql postgresql postgres mongodb sqlite redis oracle mariadb cassandra
	aws azure gcp
	google microsoft amazon facebook apple netflix twitter instagram whatsapp snapchat youtube linkedin tiktok uber lyft airbnb tesla samsung nokia sony
	visa mastercard paypal
	london paris berlin rome madrid vienna munich hamburg amsterdam brussels prague budapest warsaw moscow istanbul athens lisbon dublin zurich geneva oslo stockholm copenhagen helsinki delhi mumbai bangalore chennai kolkata hyderabad pune tokyo osaka beijing shanghai seoul bangkok singapore sydney melbourne toronto vancouver montreal chicago boston seattle miami houston dallas denver atlanta detroit philadelphia
	mercury venus mars jupiter saturn uranus neptune pluto
	christianity islam hinduism buddhism judaism sikhism
	christian muslim hindu buddhist jewish sikh
	christmas easter diwali ramadan thanksgiving halloween
	excel word powerpoint
	react angular vue svelte
	docker kubernetes
`

const commonKinds = `
	red blue green yellow orange purple pink brown black white gray
	dog cat horse cow pig sheep goat rabbit hamster parrot snake lion tiger elephant monkey wolf bear chicken
	apple banana mango grape strawberry lemon pineapple watermelon peach
	rice pasta bread
	tea coffee beer wine vodka whiskey
	chicken beef pork fish lamb
	iphone ipad macbook
	laptop phone tablet desktop
	football basketball baseball cricket tennis hockey golf rugby volleyball badminton
	guitar piano violin drums flute saxophone
	biology chemistry physics geology astronomy
	heart liver kidney lung brain stomach pancreas
	knee elbow shoulder ankle wrist hip neck toe finger
	hydrogen oxygen nitrogen carbon helium sodium potassium calcium magnesium iron copper zinc gold silver platinum aluminium
	monday tuesday wednesday thursday friday saturday sunday
	january february march april june july august september october november december
	circle triangle square rectangle hexagon pentagon ellipse
	cube sphere cylinder cone pyramid
	area perimeter volume circumference
	radius diameter
	sine cosine tangent
	median mode variance
	width height length depth weight
	latitude longitude altitude
	numerator denominator
	noon midnight dawn dusk
	breakfast lunch dinner brunch
	boil freeze melt
	ssd hdd
	ram rom cpu gpu
	http https ftp ssh
	tcp udp
	wifi bluetooth ethernet
	landscape portrait
	bachelor master phd doctorate
	undergraduate postgraduate
	freshman sophomore
	president governor mayor senator ambassador
	ceo cfo cto coo cio
	protein fat carbohydrate fiber
	bronze silver gold
	checking savings
	single double triple quadruple
	before after during until since
	infant toddler teenager adult
	uppercase lowercase
	ascending descending
	sedan suv truck van
	bus train plane ferry tram
	kitchen bathroom bedroom garage
	roof floor wall ceiling
	lock key
	shirt pants shoes socks jacket
	flu covid measles malaria
	diabetes asthma cancer arthritis
	aspirin ibuprofen paracetamol acetaminophen
	mother father brother sister son daughter uncle aunt cousin
	north south east west
	pdf docx xlsx csv json xml yaml
	png jpg gif svg
	wav flac ogg
	kilometre metre mile yard
	passport visa license
	hourly daily weekly monthly quarterly annually
	electron proton neutron
	noun verb adjective adverb
`

// kinds has, by stem, the kinds that a word is of. Those of names are numbered from 1, others from
// -1 down.
var kinds = func() map[string][]int {
	m := map[string][]int{}
	fill := func(lines string, step int) {
		n := 0
		for line := range strings.Lines(lines) {
			n += step
			for w := range strings.FieldsSeq(line) {
				m[stem(w)] = append(m[stem(w)], n)
			}
		}
	}
	fill(properKinds, 1)
	fill(commonKinds, -1)
	return m
}()

// kindsOf are the kinds of stems.
func kindsOf(stems []string) (all []member) {
	for _, s := range stems {
		for _, k := range kinds[s] {
			all = append(all, member{s, k})
		}
	}
	return all
}

// kindsDiffer reports whether each question has one of a kind, of names or of others, that the
// other lacks.
func kindsDiffer(a, b *Question, names bool) bool {
	for _, x := range a.kinds {
		if x.kind > 0 != names || contains(b.stems, x.word) {
			continue
		}
		for _, y := range b.kinds {
			if x.kind == y.kind && !contains(a.stems, y.word) {
				return true
			}
		}
	}
	return false
}
