package pii

// Type is one kind of personal data that a Scanner can find.
type Type struct {
	Name    string // as Presidio names it, if it does
	About   string // one line: what it is, and what its check is
	Default bool   // found by a Scanner of no types in particular
}

// Types returns all types, in the order of their documentation.
func Types() []Type { return append([]Type(nil), types[:]...) }

type kind uint8

// kinds is a set of kinds, one bit each.
type kinds uint64

func (ks kinds) has(k kind) bool { return ks>>k&1 == 1 }

const (
	creditCard kind = iota
	iban
	email
	ipAddress
	phone
	mac
	crypto
	usSSN
	usITIN
	usPassport
	usLicense
	ukNHS
	ukNINO
	esNIF
	esNIE
	itFiscal
	deTax
	frNIR
	nlBSN
	plPESEL
	beNRN
	chAHV
	seNumber
	fiCode
	inAadhaar
	inPAN
	auTFN
	auABN
	auMedicare
	brCPF
	caSIN
	sgNRIC
	krRRN
	lastKind
	driving = lastKind // what a word before may speak of, beside a licence
)

var types = [lastKind]Type{
	creditCard: {"CREDIT_CARD", "number of a payment card: issuer, length and Luhn's check digit", true},
	iban:       {"IBAN_CODE", "international bank account number: length by country, modulo 97", true},
	email:      {"EMAIL_ADDRESS", "address of mail, with a domain that ends in letters", true},
	ipAddress:  {"IP_ADDRESS", "address of IPv4 or IPv6, without port and prefix length", true},
	phone:      {"PHONE_NUMBER", "telephone number: international, or national in groups or after a word for it", true},
	mac:        {"MAC_ADDRESS", "hardware address: six bytes, with colons, dashes or dots", true},
	crypto:     {"CRYPTO", "address of Bitcoin (checksum) or Ethereum (form)", true},
	usSSN:      {"US_SSN", "social security number of the USA: ranges; in one piece only after a word for it", true},
	usITIN:     {"US_ITIN", "taxpayer number of the USA: ranges; in one piece only after a word for it", true},
	usPassport: {"US_PASSPORT", "passport number of the USA, only after a word for it", true},
	usLicense:  {"US_DRIVER_LICENSE", "driver's licence of the USA, only after a word for it", true},
	ukNHS:      {"UK_NHS", "number of the UK's health service: modulo 11, only after a word for it", true},
	ukNINO:     {"UK_NINO", "national insurance number of the UK: form and prefixes", true},
	esNIF:      {"ES_NIF", "tax number of Spain: check letter", true},
	esNIE:      {"ES_NIE", "foreigner's number of Spain: check letter", true},
	itFiscal:   {"IT_FISCAL_CODE", "fiscal code of Italy: check letter", true},
	deTax:      {"DE_TAX_ID", "tax number of Germany: modulo 11,10, only after a word for it", true},
	frNIR:      {"FR_INSEE", "social security number of France: month and modulo 97", true},
	nlBSN:      {"NL_BSN", "citizen service number of the Netherlands: modulo 11, only after a word for it", true},
	plPESEL:    {"PL_PESEL", "number of persons in Poland: date and check digit, only after a word for it", true},
	beNRN:      {"BE_NRN", "national number of Belgium: date and modulo 97", true},
	chAHV:      {"CH_AHV", "social security number of Switzerland: 756 and check digit", true},
	seNumber:   {"SE_PERSONNUMMER", "personal number of Sweden: date and check digit; without a sign only after a word for it", true},
	fiCode:     {"FI_PERSONAL_IDENTITY_CODE", "personal identity code of Finland: date and check character", true},
	inAadhaar:  {"IN_AADHAAR", "Aadhaar number of India: Verhoeff's check digit, only after a word for it", true},
	inPAN:      {"IN_PAN", "permanent account number of India: form", true},
	auTFN:      {"AU_TFN", "tax file number of Australia: modulo 11, only after a word for it", true},
	auABN:      {"AU_ABN", "business number of Australia: modulo 89; in one piece only after a word for it", true},
	auMedicare: {"AU_MEDICARE", "Medicare number of Australia: check digit, only after a word for it", true},
	brCPF:      {"BR_CPF", "taxpayer number of Brazil: two check digits; without signs only after a word for it", true},
	caSIN:      {"CA_SIN", "social insurance number of Canada: Luhn's check digit, only after a word for it", true},
	sgNRIC:     {"SG_NRIC_FIN", "identity number of Singapore: check letter", true},
	krRRN:      {"KR_RRN", "resident number of South Korea: date; check digit of those given before 2020", true},
}

func named(name string) (kind, bool) {
	for k, t := range types {
		if t.Name == name {
			return kind(k), true
		}
	}
	return 0, false
}

func usual() (on kinds) {
	for k, t := range types {
		if t.Default {
			on |= 1 << k
		}
	}
	return on
}
