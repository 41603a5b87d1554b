package drill

// Verdict says what became of a fault.
type Verdict string

// The verdicts, from the best to the worst.
const (
	Pass    Verdict = "pass"    // the whole answer in time, or the right refusal
	Partial Verdict = "partial" // the whole answer, but late
	Safe    Verdict = "safe"    // an error that the client notices
	Fail    Verdict = "fail"    // broken and sold as whole, or no end within the client's patience
)

// Verdicts are all of them, from the best to the worst.
var Verdicts = []Verdict{Pass, Partial, Safe, Fail}

// worse reports whether v is a worse verdict than w.
func (v Verdict) worse(w Verdict) bool { return v.rank() > w.rank() }

func (v Verdict) rank() int {
	for i, w := range Verdicts {
		if v == w {
			return i
		}
	}
	return -1
}

// Judgement is a verdict and what it is about.
type Judgement struct {
	Verdict Verdict
	Saw     string // what the client saw, in words
	Link    int    // that wrote the whole answer, from 0; -1: none did
}
