package pii

import (
	"slices"

	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

// Types returns all types, in the order of their documentation.
func Types() []onepass.Type { return slices.Clone(types[:]) }

type (
	kind  = onepass.Kind
	kinds = onepass.Kinds
)

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

var types = [lastKind]onepass.Type{
	creditCard: {Name: "CREDIT_CARD", About: "number of a payment card: issuer, length and Luhn's check digit", Default: true},
	iban:       {Name: "IBAN_CODE", About: "international bank account number: length by country, modulo 97", Default: true},
	email:      {Name: "EMAIL_ADDRESS", About: "address of mail, with a domain that ends in letters", Default: true},
	ipAddress:  {Name: "IP_ADDRESS", About: "address of IPv4 or IPv6, without port and prefix length", Default: true},
	phone:      {Name: "PHONE_NUMBER", About: "telephone number: international, or national in groups or after a word for it", Default: true},
	mac:        {Name: "MAC_ADDRESS", About: "hardware address: six bytes, with colons, dashes or dots", Default: true},
	crypto:     {Name: "CRYPTO", About: "address of Bitcoin (checksum) or Ethereum (form)", Default: true},
	usSSN:      {Name: "US_SSN", About: "social security number of the USA: ranges; in one piece only after a word for it", Default: true},
	usITIN:     {Name: "US_ITIN", About: "taxpayer number of the USA: ranges; in one piece only after a word for it", Default: true},
	usPassport: {Name: "US_PASSPORT", About: "passport number of the USA, only after a word for it", Default: true},
	usLicense:  {Name: "US_DRIVER_LICENSE", About: "driver's licence of the USA, only after a word for it", Default: true},
	ukNHS:      {Name: "UK_NHS", About: "number of the UK's health service: modulo 11, only after a word for it", Default: true},
	ukNINO:     {Name: "UK_NINO", About: "national insurance number of the UK: form and prefixes", Default: true},
	esNIF:      {Name: "ES_NIF", About: "tax number of Spain: check letter", Default: true},
	esNIE:      {Name: "ES_NIE", About: "foreigner's number of Spain: check letter", Default: true},
	itFiscal:   {Name: "IT_FISCAL_CODE", About: "fiscal code of Italy: check letter", Default: true},
	deTax:      {Name: "DE_TAX_ID", About: "tax number of Germany: modulo 11,10, only after a word for it", Default: true},
	frNIR:      {Name: "FR_INSEE", About: "social security number of France: month and modulo 97", Default: true},
	nlBSN:      {Name: "NL_BSN", About: "citizen service number of the Netherlands: modulo 11, only after a word for it", Default: true},
	plPESEL:    {Name: "PL_PESEL", About: "number of persons in Poland: date and check digit, only after a word for it", Default: true},
	beNRN:      {Name: "BE_NRN", About: "national number of Belgium: date and modulo 97", Default: true},
	chAHV:      {Name: "CH_AHV", About: "social security number of Switzerland: 756 and check digit", Default: true},
	seNumber:   {Name: "SE_PERSONNUMMER", About: "personal number of Sweden: date and check digit; without a sign only after a word for it", Default: true},
	fiCode:     {Name: "FI_PERSONAL_IDENTITY_CODE", About: "personal identity code of Finland: date and check character", Default: true},
	inAadhaar:  {Name: "IN_AADHAAR", About: "Aadhaar number of India: Verhoeff's check digit, only after a word for it", Default: true},
	inPAN:      {Name: "IN_PAN", About: "permanent account number of India: form", Default: true},
	auTFN:      {Name: "AU_TFN", About: "tax file number of Australia: modulo 11, only after a word for it", Default: true},
	auABN:      {Name: "AU_ABN", About: "business number of Australia: modulo 89; in one piece only after a word for it", Default: true},
	auMedicare: {Name: "AU_MEDICARE", About: "Medicare number of Australia: check digit, only after a word for it", Default: true},
	brCPF:      {Name: "BR_CPF", About: "taxpayer number of Brazil: two check digits; without signs only after a word for it", Default: true},
	caSIN:      {Name: "CA_SIN", About: "social insurance number of Canada: Luhn's check digit, only after a word for it", Default: true},
	sgNRIC:     {Name: "SG_NRIC_FIN", About: "identity number of Singapore: check letter", Default: true},
	krRRN:      {Name: "KR_RRN", About: "resident number of South Korea: date; check digit of those given before 2020", Default: true},
}
