package drill

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Want is what a fault leaves possible.
type Want struct {
	Limit   time.Duration // a whole answer is in time until then
	Refusal Refusal       // that is right; empty: none is
	Whole   bool          // a whole answer is right
	Links   int           // of the chain
}

// Refusal is why a request may be refused.
type Refusal string

// The refusals that can be right.
const (
	RefusedContext Refusal = "context" // the prompt is too long for every link
	RefusedFilter  Refusal = "filter"  // a provider's content filter
	RefusedDown    Refusal = "down"    // no link answers
)

// words are found in the error of each refusal, whichever dialect words it.
var words = map[Refusal][]string{
	RefusedContext: {"context_length_exceeded", "too long", "maximum context length"},
	RefusedFilter:  {"content_filter", "content filter", "filtered"},
	RefusedDown:    {""},
}

// is reports whether an error is the refusal.
func (r Refusal) is(status int, f *fault) bool {
	switch r {
	case RefusedDown:
		if status < 500 && status != http.StatusTooManyRequests {
			return false
		}
	default:
		if status != http.StatusBadRequest && status != http.StatusRequestEntityTooLarge {
			return false
		}
	}
	said := strings.ToLower(fmt.Sprint(f.Code, " ", f.Message))
	for _, w := range words[r] {
		if strings.Contains(said, w) {
			return true
		}
	}
	return false
}

// Judge judges an answer by what the client got and by the simulated provider's log.
func Judge(want Want, seen Seen, log []Attempt) Judgement {
	j := judge(want, &seen, log)
	if j.Verdict == Pass && seen.Took > want.Limit {
		j.Verdict = Partial
		j.Saw += ", late"
	}
	return j
}

func judge(want Want, seen *Seen, log []Attempt) Judgement {
	switch {
	case seen.End == EndGaveUp:
		return none(Fail, "no end: gave up after %s with %s", round(seen.Took), size(len(seen.Body)))
	case seen.Status == 0:
		return none(Safe, "no answer: the connection was closed")
	case seen.Status != http.StatusOK:
		return refused(want, seen)
	case seen.End == EndCut:
		return none(Safe, "200, cut off after %s", size(len(seen.Body)))
	}
	r := read(seen)
	switch {
	case r.fault != nil && seen.Way.Stream:
		return none(Safe, "200, then an error event: %s", r.fault.brief())
	case r.fault != nil:
		return none(Fail, "200 with an error in it: %s", r.fault.brief())
	case r.broken != "" && seen.Way.Stream:
		return none(Safe, "200 with an event that cannot be read")
	case r.broken != "":
		return none(Fail, "200 with a body that cannot be read")
	}
	return whole(want, r, log)
}

// whole judges an answer that ended as a whole one does.
func whole(want Want, r *reading, log []Attempt) Judgement {
	link := writer(r.text, want.Links)
	switch {
	case link < 0:
		return none(Fail, "200 with a clean end, but the text is not whole: %d of %d words", len(strings.Fields(r.text)), textWords)
	case r.finish == "":
		return none(Fail, "200 with a clean end, but nothing says that the text is whole")
	case !want.Whole:
		return none(Fail, "200 from link %d, although the refusal was right", link)
	}
	if wrong := r.differs(link, log); wrong != "" {
		return Judgement{Fail, fmt.Sprintf("200, whole, from link %d, but %s", link, wrong), link}
	}
	return Judgement{Pass, fmt.Sprintf("200, whole, from link %d", link), link}
}

// differs says in which way the model and the usage of a whole answer are not those of
// the link that wrote it; empty: in none.
func (r *reading) differs(link int, log []Attempt) string {
	wrong := "the provider's log does not have it"
	for _, a := range log {
		if a.Link != link || a.Status != http.StatusOK {
			continue
		}
		switch {
		case r.model != a.Model:
			wrong = fmt.Sprintf("its model is %q, not %q", r.model, a.Model)
		case r.input != a.Input || r.output != a.Output:
			wrong = fmt.Sprintf("its usage is %d+%d, not %d+%d", r.input, r.output, a.Input, a.Output)
		default:
			return ""
		}
	}
	return wrong
}

// refused judges an answer with another status than 200.
func refused(want Want, seen *Seen) Judgement {
	if seen.End == EndCut {
		return none(Safe, "%d, cut off", seen.Status)
	}
	r := read(&Seen{Way: Way{seen.Way.Dialect, false}, Body: seen.Body})
	if r.fault == nil || r.fault.Message == "" {
		return none(Safe, "%d, but no error of the dialect", seen.Status)
	}
	verdict := Safe
	if want.Refusal != "" && want.Refusal.is(seen.Status, r.fault) {
		verdict = Pass
	}
	return none(verdict, "%d %s", seen.Status, r.fault.brief())
}

// brief names the error in a word.
func (f *fault) brief() string {
	if code, ok := f.Code.(string); ok && code != "" {
		return code
	}
	return f.Type
}

func none(v Verdict, format string, args ...any) Judgement {
	return Judgement{v, fmt.Sprintf(format, args...), -1}
}

func size(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// round leaves of a duration what a reader wants to know.
func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
