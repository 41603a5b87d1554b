package pii

// label is what the words right before a number call it.
type label uint8

const (
	unlabelled label = iota
	filler           // "number", "is": the word before counts
	foreign          // an order, a book, a parcel: not a person's
	versioned        // a version or a section, which has the form of an address
)

// labels holds the words that label a number as something else, and those that may stand between.
var labels = func() map[string]label {
	words := map[string]label{}
	add := func(l label, list ...string) {
		for _, w := range list {
			words[w] = l
		}
	}
	add(filler, "number", "numbers", "no", "nr", "num", "id", "ids", "code", "is", "was", "the", "of", "s")
	add(foreign, "order", "orders", "tracking", "invoice", "isbn", "ean", "gtin", "upc", "barcode", "imei", "imsi", "serial",
		"ref", "reference", "ticket", "case", "sku", "asin", "parcel", "shipment", "waybill", "awb", "container", "session", "request", "trace",
		"span", "device", "message", "job", "timestamp", "epoch", "hash", "checksum", "commit", "product", "item", "part",
		"article", "catalog", "catalogue", "batch", "lot", "bestellnummer", "sendungsnummer", "rechnung", "model")
	add(versioned, "version", "versions", "ver", "v", "release", "rel", "build", "firmware", "section", "sections", "sec", "chapter",
		"clause", "paragraph", "para", "appendix", "table", "figure", "fig", "rev", "revision", "upgrade", "patch", "sdk", "kernel", "oid", "rv",
		"abschnitt", "kapitel", "punkt", "step")
	return words
}()

// labelled returns what the words before i call what begins there. It looks back over four words
// and 40 bytes, and not over the end of a sentence.
func (p *pass) labelled(i int) label {
	var room [20]byte
	least := max(0, i-40)
	for range 4 {
		k := i
		for k > least && joins(p.Text[k-1]) {
			k--
		}
		j := k
		for j > least && is(p.Text[j-1], letter|tail|wide) {
			j--
		}
		if j == k || j == least && least > 0 {
			return unlabelled
		}
		l := labels[string(fold(p.Text[j:k], &room))]
		if l != filler {
			return l
		}
		i = j
	}
	return unlabelled
}

// joins says whether c may stand between a label and its number. A full stop may, since labels are
// shortened with one; that of a sentence stands after words that are no labels.
func joins(c byte) bool {
	switch c {
	case ' ', '\t', ':', '#', '=', '"', '\'', '-', '(', '[', '*', '.', '_', '>', '<', '~', '^':
		return true
	default:
		return false
	}
}

// foreign says whether the number at i is labelled as something other than a person's.
func (p *pass) foreign(i int) bool { return p.labelled(i) >= foreign }
