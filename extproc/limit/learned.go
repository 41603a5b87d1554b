package limit

import (
	"math"
	"math/bits"
	"sync"

	"github.com/headgate/headgate/extproc/canon"
)

// What an answer is estimated at before enough of a model was seen.
const (
	// DefaultOutput is how many tokens an answer has.
	DefaultOutput = 500
	// DefaultBytes is how many bytes of a request make a token.
	DefaultBytes = 4
	// enough is how many answers must have been seen.
	enough = 20
)

// learned is what was seen of each model, by its name in policies. It outlives them.
type learned struct {
	mu     sync.Mutex
	models map[string]*seen
}

// of returns what was seen of a model.
func (l *learned) of(name string) *seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.models == nil {
		l.models = make(map[string]*seen)
	}
	s := l.models[name]
	if s == nil {
		s = &seen{}
		l.models[name] = s
	}
	return s
}

// seen is what was seen of one model. Old answers count less and less. It is safe for concurrent
// use.
type seen struct {
	mu            sync.Mutex
	bytes, tokens int64 // of input
	answers       int
	outputs       [buckets]int // of answers, by their length
	p95           int64        // of their length
}

const (
	// perOctave is how many buckets there are from a length to its double: a length is known
	// to a fifth.
	perOctave = 4
	buckets   = 27 * perOctave
	// halving is after how many answers all those before count half.
	halving = 1000
)

// note notes what a provider reported of an answer.
func (s *seen) note(bytes int64, u *canon.Usage) {
	input, output := u.TotalInput(), u.TotalOutput()
	if bytes <= 0 || input <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes, s.tokens, s.answers = s.bytes+bytes, s.tokens+input, s.answers+1
	s.outputs[bucket(output)]++
	if s.answers >= halving {
		s.bytes, s.tokens, s.answers = s.bytes/2, s.tokens/2, 0
		for i := range s.outputs {
			s.outputs[i] /= 2
			s.answers += s.outputs[i]
		}
	}
	s.p95 = s.percentile()
}

// percentile is the length that 95 of 100 answers do not exceed.
func (s *seen) percentile() int64 {
	left := s.answers / 20
	for i := buckets - 1; i > 0; i-- {
		if left -= s.outputs[i]; left < 0 {
			return longest(i)
		}
	}
	return longest(0)
}

// bucket is where answers of a length are counted.
func bucket(n int64) int {
	if n < 2 {
		return 0
	}
	octave := bits.Len64(uint64(n)) - 1
	return min(octave*perOctave+int(n<<2>>octave)&3, buckets-1)
}

// longest is the greatest length in a bucket.
func longest(i int) int64 {
	octave, part := i/perOctave, int64(i%perOctave)
	return max(((perOctave+part+1)<<octave-1)/perOctave, 1)
}

// estimate is how many tokens so many bytes of a request are, and an answer.
func (s *seen) estimate(bytes int64) (input, output int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers < enough {
		return (bytes + DefaultBytes - 1) / DefaultBytes, DefaultOutput
	}
	perByte := float64(s.tokens) / float64(s.bytes)
	return int64(math.Ceil(float64(bytes) * perByte)), s.p95
}
