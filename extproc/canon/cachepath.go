package canon

import "fmt"

// cacheNames are what dialects call a breakpoint of a cache.
var cacheNames = [...]string{"cache_control", Breakpoint}

// CachePath returns the path of a part's breakpoint in the client's body: that of the
// message if the part has none of its own.
func (p *Part) CachePath() string {
	for _, name := range cacheNames {
		if p.Raw.Get(name) != nil {
			return p.Place.Path() + "." + name
		}
	}
	return fmt.Sprintf("messages[%d].%s", p.Place.Message, cacheNames[0])
}

// CachePath returns the path of a tool's breakpoint in the client's body.
func (r *Request) CachePath(i int) string {
	t := &r.Tools[i]
	if t.Raw.Get(cacheNames[0]) == nil {
		return r.ToolPath(i) + ".function." + cacheNames[0]
	}
	return r.ToolPath(i) + "." + cacheNames[0]
}
