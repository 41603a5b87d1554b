package cache

import (
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// TestWhatAClientSaysOnlyNarrows holds how cache-control is read: what cannot be read asks for a
// fresh answer, and of two ages the smaller counts.
func TestWhatAClientSaysOnlyNarrows(t *testing.T) {
	any := control{maxAge: -1}
	for text, want := range map[string]control{
		"":                        any,
		"no-store":                {noStore: true, maxAge: -1},
		"No-Cache":                {noCache: true, maxAge: -1},
		"max-age=60":              {maxAge: time.Minute},
		`max-age="60"`:            {maxAge: time.Minute},
		"max-age=60, max-age=30":  {maxAge: 30 * time.Second},
		"max-age=30,max-age=60":   {maxAge: 30 * time.Second},
		"max-age=0":               {noCache: true, maxAge: -1},
		"max-age=-1":              {noCache: true, maxAge: -1},
		"max-age":                 {noCache: true, maxAge: -1},
		"max-age=soon":            {noCache: true, maxAge: -1},
		"max-age=999999999999999": {maxAge: maxAge},
		"no-store , no-cache":     {noStore: true, noCache: true, maxAge: -1},
		"min-fresh=5, max-stale":  any,
		"threshold=0.1":           any,
	} {
		var h exchange.Headers
		if text != "" {
			h = exchange.Headers{{Name: "content-type", Value: []byte("no-store")}, {Name: "cache-control", Value: []byte(text)}}
		}
		if got := controlOf(h); got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
	two := exchange.Headers{{Name: "cache-control", Value: []byte("max-age=60")}, {Name: "cache-control", Value: []byte("no-cache")}}
	if got := controlOf(two); got != (control{noCache: true, maxAge: time.Minute}) {
		t.Errorf("two headers: %+v", got)
	}
}
