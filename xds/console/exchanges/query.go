package exchanges

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/journal"
)

// Asked is which exchanges are wanted, as the API takes it.
type Asked struct {
	Is                          map[string][]string // of fields and of "status"
	Since, Until, In            string              // empty: as the API has it; of a list only
	Slower, Dearer              string
	Failed, Estimated, Unpriced bool
	Cursor                      string
	Limit                       int // 0: as the API has it
}

// Query writes it as the query of a URL.
func (a *Asked) Query() string {
	q := url.Values{}
	for name, values := range a.Is {
		q[name] = values
	}
	for name, value := range map[string]string{"since": a.Since, "until": a.Until, "in": a.In, "slower": a.Slower, "dearer": a.Dearer, "cursor": a.Cursor} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, is := range map[string]bool{"failed": a.Failed, "estimated": a.Estimated, "unpriced": a.Unpriced} {
		if is {
			q.Set(name, "true")
		}
	}
	if a.Limit != 0 {
		q.Set("limit", strconv.Itoa(a.Limit))
	}
	return q.Encode()
}

// query is what a URL asks for.
type query struct {
	filter journal.Filter
	cursor string
	limit  int
}

// queryOf reads a URL. A tail has no span.
func queryOf(c *console.Call, now time.Time, spans bool) (q query, err error) {
	q = query{filter: journal.Filter{Is: map[string][]string{}}, limit: perPage}
	if spans {
		s, err := c.Span(now, span)
		if err != nil {
			return q, err
		}
		q.filter.Since, q.filter.Until = s.Since, s.Until
	}
	for name, values := range c.Query() {
		switch {
		case spans && slices.Contains(console.SpanParameters, name):
		case slices.Contains(journal.Fields(), name):
			q.filter.Is[name] = values
		case name == "status":
			err = q.statuses(values)
		case len(values) > 1:
			err = console.BadRequest.New("%s: is there %d times", name, len(values))
		default:
			err = q.read(name, values[0])
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// read reads a parameter that is there once.
func (q *query) read(name, text string) (err error) {
	switch name {
	case "cursor":
		q.cursor = text
	case "limit":
		q.limit, err = number(name, text, maxPage)
	case "failed":
		q.filter.Failed, err = truth(name, text)
	case "estimated":
		q.filter.Estimated, err = truth(name, text)
	case "unpriced":
		q.filter.Unpriced, err = truth(name, text)
	case "slower":
		if q.filter.Slower, err = time.ParseDuration(text); err != nil || q.filter.Slower <= 0 {
			return console.BadRequest.New("slower: must be a duration such as 10s, is %q", text)
		}
	case "dearer":
		if q.filter.Dearer, err = price.ParseNano(text); err != nil || q.filter.Dearer <= 0 {
			return console.BadRequest.New("dearer: must be an amount of USD such as 0.25, is %q", text)
		}
	default:
		return console.BadRequest.New("no parameter is called %q", name)
	}
	return err
}

func truth(name, text string) (bool, error) {
	is, err := strconv.ParseBool(text)
	if err != nil {
		return false, console.BadRequest.New("%s: must be true or false, is %q", name, text)
	}
	return is, nil
}

// statuses reads statuses such as 503 and classes such as 5xx; 0: no status was sent.
func (q *query) statuses(texts []string) error {
	for _, text := range texts {
		if class, ok := strings.CutSuffix(text, "xx"); ok && len(class) == 1 && class >= "1" && class <= "5" {
			first := int(class[0]-'0') * 100
			q.filter.Statuses = append(q.filter.Statuses, [2]int{first, first + 99})
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 599 {
			return console.BadRequest.New("status: must be a status such as 503, a class such as 5xx, or 0 if none was sent, is %q", text)
		}
		q.filter.Statuses = append(q.filter.Statuses, [2]int{n, n})
	}
	return nil
}
