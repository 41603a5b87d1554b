package drill

import "time"

// Result is what became of one fault, asked for in one way.
type Result struct {
	Fault string
	Way   string
	Judgement
	Asked    int           // requests
	First    time.Duration // until the first byte of the body; of several requests the worst one's
	Took     time.Duration // until the end
	Billed   []Bill
	Attempts []Attempt
}

// Bill is what a use costs, in tokens.
type Bill struct {
	Use    string
	Input  int
	Output int
}

// Report is what a drill found.
type Report struct {
	Model  string
	Faults []Fault  // that were played, in their order
	Plays  []Result // in the order of the faults
	Took   time.Duration
}

// Of returns the plays of a fault.
func (r *Report) Of(fault string) (plays []Result) {
	for _, p := range r.Plays {
		if p.Fault == fault {
			plays = append(plays, p)
		}
	}
	return plays
}

// Verdict is the worst verdict of a fault's plays.
func (r *Report) Verdict(fault string) (worst Verdict) {
	for _, p := range r.Of(fault) {
		if worst == "" || p.Verdict.worse(worst) {
			worst = p.Verdict
		}
	}
	return worst
}

// Count returns how many faults of the suite, or beside it, have a verdict.
func (r *Report) Count(v Verdict, beside bool) (n int) {
	for _, f := range r.Faults {
		if f.Beside == beside && r.Verdict(f.Name) == v {
			n++
		}
	}
	return n
}
