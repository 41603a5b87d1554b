package pii

import "github.com/headgate/headgate/extproc/guard/content/onepass"

// reach is how many bytes before a candidate the words are that count for it. With the byte before
// it stays within the 64 bytes of context that a stream keeps.
const reach = 56

// nearby remembers which kinds the words before a place speak of.
type nearby struct {
	place int
	kinds kinds
	known bool
}

// spoken returns the kinds that the words before i speak of.
func (p *pass) spoken(i int) kinds {
	if p.near.known && p.near.place == i {
		return p.near.kinds
	}
	p.near = nearby{place: i, known: true}
	p.Work += reach
	var room [20]byte
	for j := max(0, i-reach); j < i; {
		if !is(p.Text[j], letter) {
			j++
			continue
		}
		k := j
		for k < i && is(p.Text[k], letter|tail|wide) {
			k++
		}
		if sizes[p.Text[j]]>>(k-j)&1 == 1 && (j == 0 || !is(p.Text[j-1], inWord)) && !p.placeholds(j, k) {
			p.near.kinds |= contexts[string(fold(p.Text[j:k], &room))]
		}
		j = k
	}
	return p.near.kinds
}

// placeholds reports whether a word begins a placeholder such as [PHONE_NUMBER_1], which speaks of
// what was masked there and not of what follows.
func (p *pass) placeholds(i, j int) bool {
	return i > 0 && p.Text[i-1] == '[' && p.At(j) == '_'
}

// fold returns a word in lower case, in room; one that is longer than all known words is empty.
func fold(word []byte, room *[20]byte) []byte {
	if len(word) > len(room) {
		return nil
	}
	for i, c := range word {
		room[i] = onepass.Lowered(c)
	}
	return room[:len(word)]
}

// contexts are the words that speak of kinds. They are those of the countries' own languages and
// English, since people ask models in both.
var contexts = func() map[string]kinds {
	words := map[string]kinds{}
	add := func(k kind, list ...string) {
		for _, w := range list {
			words[w] |= 1 << k
		}
	}
	add(creditCard, "card", "cards", "cc", "credit", "debit", "creditcard", "cardnumber", "visa", "mastercard", "amex", "maestro", "karte", "kreditkarte", "carte", "tarjeta", "carta", "kaart")
	add(phone, "phone", "phones", "telephone", "tel", "telefon", "call", "calling", "dial", "mobile", "cell", "cellphone", "fax", "desk", "office", "whatsapp", "sms", "contact", "handy", "ring", "answering", "voicemail", "hotline", "texting", "telefono", "telefone", "messages")
	add(usSSN, "ssn", "ssns", "social", "socialsecurity")
	add(usITIN, "itin", "taxpayer")
	add(usPassport, "passport", "passports")
	add(usLicense, "license", "licence", "dl")
	add(driving, "driver", "drivers", "driving", "dl")
	add(ukNHS, "nhs", "health")
	add(ukNINO, "nino", "insurance", "ni")
	add(deTax, "steuer", "steueridnr", "steuerid", "idnr", "identifikationsnummer", "steuernummer", "tin", "tax")
	add(nlBSN, "bsn", "burgerservice", "sofi", "sofinummer", "citizen")
	add(plPESEL, "pesel")
	add(beNRN, "rijksregister", "national", "registre", "niss", "insz", "nrn")
	add(seNumber, "personnummer", "personal", "pnr")
	add(inAadhaar, "aadhaar", "aadhar", "uidai", "uid")
	add(auTFN, "tfn", "tax")
	add(auABN, "abn", "business")
	add(auMedicare, "medicare")
	add(brCPF, "cpf", "cadastro", "contribuinte")
	add(caSIN, "sin", "social", "nas", "insurance")
	add(krRRN, "rrn", "resident")
	return words
}()

// sizes holds how long the words of contexts are, by their first byte in either case: one bit for
// each length. Most other words need no look-up.
var sizes = func() (t [256]uint32) {
	for w := range contexts {
		t[w[0]] |= 1 << len(w)
		t[raised(w[0])] |= 1 << len(w)
	}
	return t
}()
