package sim

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/headgate/headgate/extproc/sim/anthropic"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/responses"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// dialects returns the wire formats that the provider speaks. A request that no other
// claims is the last one's.
func dialects() []wire.Dialect {
	return []wire.Dialect{anthropic.New(), responses.New(), openai.Dialect{}}
}

// target is what the provider has at a path.
type target struct {
	dialect wire.Dialect
	known   bool
	op      *wire.Operation // nil: nothing by this method
	ids     []string        // what the segments {id} of its path stand for
}

// find returns what the provider has at a path by a method.
func (s *Server) find(method, path string) (found target) {
	for _, d := range s.dialects {
		ops := d.Operations()
		for i := range ops {
			ids, ok := fits(ops[i].Path, path)
			switch {
			case !ok:
			case method == cmp.Or(ops[i].Method, http.MethodPost):
				return target{d, true, &ops[i], ids}
			case !found.known:
				found.dialect, found.known = d, true
			}
		}
	}
	return found
}

const anyID = "{id}"

// fits reports whether a path is one of a pattern, and what the segments {id} stand for.
func fits(pattern, path string) (ids []string, ok bool) {
	before, _, some := strings.Cut(pattern, anyID)
	if !some || !strings.HasPrefix(path, before) {
		return nil, pattern == path
	}
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	for i, segment := range want {
		switch {
		case segment == anyID && got[i] != "":
			ids = append(ids, got[i])
		case segment != got[i]:
			return nil, false
		}
	}
	return ids, true
}

// speaker returns the dialect of a client that asks for what several dialects have, or none.
func (s *Server) speaker(h http.Header) wire.Dialect {
	for _, d := range s.dialects {
		if d.Claims(h) {
			return d
		}
	}
	return s.dialects[len(s.dialects)-1]
}
