package cache

import (
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// The headers by which a client learns what the cache made of its request.
const (
	ResultHeader     = "x-headgate-cache"            // exchange.CacheResult, with "-" for "_"
	EntryHeader      = "x-headgate-cache-key"        // id of the entry that the answer is from
	SimilarityHeader = "x-headgate-cache-similarity" // of the question to that of the entry, from -1 to 1
	ReasonHeader     = "x-headgate-cache-reason"     // exchange.CacheReason, with "-" for "_", if the answer is from no entry
	ageHeader        = "age"                         // in seconds (RFC 9111, 5.1)
)

// says is what a client learns.
func (v *visit) says() exchange.Verdict {
	c := &v.ex.Cached
	out := exchange.Headers{{Name: ResultHeader, Value: dashed(string(c.Result))}}
	if c.Reason != "" {
		out = append(out, exchange.Header{Name: ReasonHeader, Value: dashed(string(c.Reason))})
	}
	if c.Result.Given() {
		out = append(out,
			exchange.Header{Name: EntryHeader, Value: []byte(c.Entry)},
			exchange.Header{Name: ageHeader, Value: strconv.AppendInt(nil, int64(c.Age/time.Second), 10)})
	}
	if c.Result.Given() && c.Compared {
		out = append(out, exchange.Header{Name: SimilarityHeader, Value: strconv.AppendFloat(nil, c.Similarity, 'f', 4, 64)})
	}
	return exchange.Verdict{Headers: out}
}

// dashed writes a word of a closed set as headers have it.
func dashed(word string) []byte {
	out := []byte(word)
	for i, c := range out {
		if c == '_' {
			out[i] = '-'
		}
	}
	return out
}
