package scan_test

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/extproc/scan"
)

// TestAValueGrows holds what becomes of a value that comes in pieces.
func TestAValueGrows(t *testing.T) {
	by := &scan.Growth{Named: []string{"type", "id", "role"}, Joined: []string{"content", "thinking"}}
	for name, c := range map[string]struct {
		pieces []string
		want   string
	}{
		"nothing":                       {nil, `null`},
		"a null is nothing yet":         {[]string{`null`, `"a"`, `null`}, `"a"`},
		"strings":                       {[]string{`"a\n"`, `"\ud83d"`, `"\ude00"`}, `"a\n\ud83d\ude00"`},
		"numbers":                       {[]string{`1`, `2.50`}, `2.50`},
		"objects":                       {[]string{`{"a":"x","b":1}`, `{"b":2,"c":null}`, `{"a":"y","c":[1]}`}, `{"a":"xy","b":2,"c":[1]}`},
		"names do not come in pieces":   {[]string{`{"role":"assistant"}`, `{"role":"assistant"}`, `{"role":""}`}, `{"role":"assistant"}`},
		"lists":                         {[]string{`[1]`, `[{"a":1}]`, `[]`}, `[1,{"a":1}]`},
		"pieces of indexed elements":    {[]string{`[{"index":1,"t":"b"}]`, `[{"index":0,"t":"a"}]`, `[{"index":1,"t":"c"},{"index":0,"id":"i"}]`}, `[{"index":0,"t":"a","id":"i"},{"index":1,"t":"bc"}]`},
		"elements of a list as it came": {[]string{`{"l":[{"index":0,"t":"a"}]}`, `{"l":[{"index":0,"t":"b"}]}`}, `{"l":[{"index":0,"t":"ab"}]}`},
		"parts of one type":             {[]string{`{"content":[{"type":"t","t":"a"}]}`, `{"content":[{"type":"t","t":"b"},{"type":"u","t":"c"}]}`}, `{"content":[{"type":"t","t":"ab"},{"type":"u","t":"c"}]}`},
		"parts of other ids":            {[]string{`{"content":[{"type":"t","id":"1","t":"a"}]}`, `{"content":[{"type":"t","id":"2","t":"b"}]}`}, `{"content":[{"type":"t","id":"1","t":"a"},{"type":"t","id":"2","t":"b"}]}`},
		"parts in parts":                {[]string{`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]}]}`, `{"content":[{"type":"thinking","thinking":[{"type":"text","text":"b"}]}]}`}, `{"content":[{"type":"thinking","thinking":[{"type":"text","text":"ab"}]}]}`},
		"a text after parts":            {[]string{`{"content":[{"type":"thinking","thinking":"a"}]}`, `{"content":"b"}`, `{"content":"c"}`}, `{"content":[{"type":"thinking","thinking":"a"},{"type":"text","text":"bc"}]}`},
		"parts after a text":            {[]string{`{"content":"a"}`, `{"content":[{"type":"text","text":"b"}]}`}, `{"content":[{"type":"text","text":"ab"}]}`},
		"parts after no text":           {[]string{`{"content":""}`, `{"content":[{"type":"x"}]}`}, `{"content":[{"type":"x"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			var g scan.Growing
			for _, p := range c.pieces {
				own := []byte(p)
				if !g.Grow(own, "", by) {
					t.Fatal("does not grow")
				}
				for i := range own {
					own[i] = 'X'
				}
			}
			if got := string(g.Append(nil)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestAValueDoesNotGrowForEver holds the bounds of what is searched for each piece.
func TestAValueDoesNotGrowForEver(t *testing.T) {
	for name, piece := range map[string]string{"members": `{"%d":1}`, "elements": `[{"index":%d}]`} {
		var g scan.Growing
		n := 0
		for g.Grow(fmt.Appendf(nil, piece, n), "", &scan.Growth{}) {
			if n++; n > 5000 {
				t.Fatalf("%s: no end", name)
			}
		}
		if n < 1000 {
			t.Errorf("%s: %d at most", name, n)
		}
	}
}
