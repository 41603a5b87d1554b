package reference

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// localReply is an error code of Envoy's own answers, with which it answers if it cannot ask
// Headgate, or after it has.
type localReply struct {
	Code   string
	Status string
	When   string
}

// localReplies are all of them that no reason for a denial is, too.
var localReplies = []localReply{
	{"upgrade_refused", "426", "an upgrade to a protocol other than WebSocket was asked for"},
	{"request_timeout", "408", "the request did not arrive in time"},
	{"headers_too_large", "431", "the headers are too long, or too many"},
	{"backend_cut", "502", "the backend broke off its answer, or there is no connection to it"},
	{"backend_unavailable", "503", "no backend could take the request, or no name of theirs was resolved"},
	{policy.BreakerCode, "503", "as many requests of the model are under way as its `breaker` lets"},
	{"backend_timeout", "504", "the backend did not answer in time"},
	{"gateway_error", "500", "the answer could not be passed on, or Envoy refused for another reason"},
}

const errorsPreface = `# Error codes

The ` + "`code`" + ` of an error that the gateway words, in every dialect (` + "`error.code`" + `), and the ` + "`reason`" + ` of the row, in metrics and in ` + "`headgate exchanges --reason`" + `. ` + "`x-headgate-refused-by`" + ` says whether gateway or provider refused, ` + "`retry-after`" + ` when another request may succeed, ` + "`x-should-retry: false`" + ` that it will not. A provider's error in the client's own dialect passes with the provider's code. [Outcomes](../../../extproc/README.md#outcomes) say how exchanges ended. ` + written + `
## Of Headgate

`

// errorsPage lists the codes of errors.
func errorsPage() string {
	var b strings.Builder
	b.WriteString(errorsPreface)
	var rows [][]string
	for _, d := range exchange.Denials {
		rows = append(rows, []string{code(string(d.Reason)), statuses(d.Statuses), d.When})
	}
	columns := []string{"code", "status", "when"}
	table(&b, columns, rows)
	b.WriteString("\n## Of Envoy\n\nEnvoy's own answers have these, " + code(policy.UnavailableCode) + ", and " + code(string(exchange.ReasonTooLarge)) + ", " + code(string(exchange.ReasonAnswerTooLarge)) + ", " + code(string(exchange.ReasonBadRequest)) + " and " + code(string(exchange.ReasonUnknownPath)) + " for what it refuses before Headgate is asked.\n\n")
	rows = nil
	for _, r := range localReplies {
		rows = append(rows, []string{code(r.Code), r.Status, r.When})
	}
	table(&b, columns, rows)
	return b.String()
}

// statuses are those of a denial in words.
func statuses(all []int) string {
	if all == nil {
		return "the provider's"
	}
	text := make([]string, len(all))
	for i, s := range all {
		text[i] = strconv.Itoa(s)
	}
	return strings.Join(text, ", ")
}
