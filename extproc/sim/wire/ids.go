package wire

import "strconv"

// IDs makes ids that look like the providers' and that never repeat within
// one server: the words come from a counter through a bijective mixer.
type IDs struct{ Seed uint64 }

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Mix is the finaliser of SplitMix64.
func Mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// Text appends n letters and digits for the kth id of exchange seq.
func (s IDs) Text(dst []byte, n int, seq int64, k int) []byte {
	word := Mix(s.Seed ^ Mix(uint64(seq)<<12|uint64(k&0xFFF)))
	for i := 0; i < n; i++ {
		if i%10 == 0 && i > 0 {
			word = Mix(word)
		}
		dst = append(dst, base62[word>>(6*(i%10))&63%62])
	}
	return dst
}

// Hex returns 32 hexadecimal digits for exchange seq.
func (s IDs) Hex(seq int64) string {
	a := Mix(s.Seed ^ Mix(uint64(seq)))
	b := strconv.FormatUint(a|1<<63, 16) + strconv.FormatUint(Mix(a)|1<<63, 16)
	return b
}
