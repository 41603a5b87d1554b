package exchange_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
)

func TestAListSaysHowMuchDoesNotFit(t *testing.T) {
	many := make([]string, 500)
	for i := range many {
		many[i] = fmt.Sprintf("messages[%d].content[0].cache_control", i)
	}
	for _, c := range []struct {
		texts []string
		want  string // of a long list its end
	}{
		{[]string{"top_k"}, "top_k"},
		{[]string{"a\nb", "é", strings.Repeat("x", 300)}, "a?b,?," + strings.Repeat("x", exchange.MaxText)},
		{many, "messages[53].content[0].cache_control,+446 more"},
	} {
		var m exchange.Mutation
		m.SetList("x-list", c.texts)
		got := string(m.Set.Get("x-list"))
		if !strings.HasSuffix(got, c.want) || len(c.texts) < len(many) && got != c.want || len(got) > 2100 {
			t.Errorf("%d bytes: %s", len(got), got)
		}
	}
}
