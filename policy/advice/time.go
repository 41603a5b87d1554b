package advice

import (
	"fmt"
	"time"

	"github.com/headgate/headgate/policy"
)

// hangUp warns if callers hang up before the chain has come to its end.
func hangUp(m *policy.Model, e Expectation) []Advice {
	c := explain(m, 0)
	if c.Begins <= e.CallerTimeout {
		return nil
	}
	return []Advice{give(CallerGivesUp, m.Path(), fitting(m, e.CallerTimeout),
		"at worst an answer begins, or an error comes, after %s; callers hang up after %s, %s", Span(c.Begins), Span(e.CallerTimeout), c.loss(e.CallerTimeout))}
}

// loss says which attempts an end after a time comes before.
func (c *Chain) loss(end time.Duration) string {
	var late []string
	for i, l := range c.Links {
		if l.Reached >= end {
			late = append(late, fmt.Sprintf("chain[%d]", i))
		}
	}
	if len(late) > 0 {
		return "before the turn of " + list(late, "and")
	}
	return fmt.Sprintf("before the last attempt on chain[%d] has ended", len(c.Links)-1)
}

// endsChain warns if the bound of an exchange may end it before every attempt.
func endsChain(m *policy.Model, _ Expectation) []Advice {
	longest := lasting(m, m.Attempts())
	if m.Total == 0 || longest <= m.Total {
		return nil
	}
	c := explain(m, 0)
	return []Advice{give(TotalEndsChain, m.Path()+".total", fitting(m, m.Total),
		"is %s; at worst every attempt has ended after %s: the exchange ends %s", Span(m.Total), Span(longest), c.loss(m.Total))}
}

// fitting says what would bring every attempt into the time that callers wait.
func fitting(m *policy.Model, wait time.Duration) string {
	n := m.Attempts()
	longest := (wait - time.Duration(n-1)*policy.MaxBackOff) / time.Duration(n)
	if longest = longest.Truncate(time.Second); longest < time.Second {
		return "use fewer links or retries"
	}
	return fmt.Sprintf("a timeout of at most %s would fit", Span(longest))
}

// lateRetry warns if not even the first retry after a timeout comes in time.
func lateRetry(m *policy.Model, e Expectation) []Advice {
	begins := before(m, 1)
	if m.Retries == 0 || begins < e.CallerTimeout {
		return nil
	}
	return []Advice{give(RetryTooLate, m.Path()+".retries", "shorten the timeout: as it is, retries help against quick failures only",
		"a retry after a timeout begins after up to %s; callers hang up after %s", Span(begins), Span(e.CallerTimeout))}
}

// busyChecks warns if a check may last as long as the time to the next one.
func busyChecks(m *policy.Model, _ Expectation) []Advice {
	every := m.Health.Interval
	if every == 0 || every > policy.ConnectTimeout {
		return nil
	}
	return []Advice{give(ChecksTooOften, m.Path()+".health.interval", "30s suits most",
		"is %s; a check waits %s for a connection, so that a slow backend is asked without a pause", Span(every), Span(policy.ConnectTimeout))}
}

// silence recommends a bound of the silence behind the headers where there is a choice, and
// none where there is not.
func silence(m *policy.Model, _ Expectation) []Advice {
	_, single := m.Single()
	switch {
	case single == (m.FirstToken == 0), m.Judging == policy.JudgingHeaders:
		return nil
	case single:
		return []Advice{give(FirstTokenAlone, m.Path()+".first_token", "add a link, or leave it out",
			"has no effect: there is nowhere else to go")}
	}
	return []Advice{give(WaitsInSilence, m.Path(), "first_token: 10s asks the next link then",
		"a link that sends headers and then nothing is not left for the next one")}
}
