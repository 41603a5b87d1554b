// Package leaftest holds that nothing in a request is lost in silence, and nothing of an
// answer but what is left out on purpose: it changes each leaf, one at a time, and asks
// what became of that.
//
// The promise: what goes out differs, or the leaf is refused or dropped by name. The trap:
// a part of a request that is refused as a whole hides what is inside it, so several
// requests that go out are worth more than one that holds everything.
package leaftest

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Sent is what becomes of a client's request.
type Sent struct {
	Body []byte // what goes out; nil: nothing does
	// Named are the paths, in the client's body, of what is refused or named as dropped.
	Named []string
}

// NothingSilent holds that each change of a request (Changes) is seen: another body goes
// out, or what is changed is refused or named as dropped, by its path, by that of what
// holds it, or by that of something in it. A request that does not go out at all must name
// it. So a request that sets all that a dialect knows shows that nothing of it is lost in
// silence, and that nothing is which the dialect does not know.
//
// Quiet says what may change without a word, each with the reason: by its path without
// indices, such as messages[].content[].image_url.detail, or by the path, a blank and
// what is done to it, such as "stream removed". What is below such a path may change too.
// An entry that excuses nothing is an error.
func NothingSilent(t *testing.T, request []byte, send func(request []byte) Sent, quiet map[string]string) {
	t.Helper()
	Excused(t, quiet, Silent(t, request, send, quiet))
}

// Silent is NothingSilent for one of several ways of a request: it returns the entries of
// quiet that it needed.
func Silent(t *testing.T, request []byte, send func(request []byte) Sent, quiet map[string]string) map[string]bool {
	t.Helper()
	whole := encode(tree(t, request))
	before := send(whole)
	if before.Body == nil {
		t.Fatalf("the request does not go out: %q", before.Named)
	}
	used := map[string]bool{}
	for c := range Changes(t, request) {
		after := send(c.Body)
		switch key := excuse(quiet, &c); {
		case seen(&c, &before, &after):
		case key != "":
			used[key] = true
		case after.Body == nil:
			t.Errorf("%s %s: refused, but named are %q", c.Path, c.What, after.Named)
		default:
			t.Errorf("%s %s: nothing tells", c.Path, c.What)
		}
	}
	return used
}

// Excused holds that each entry of quiet is needed.
func Excused(t *testing.T, quiet map[string]string, used map[string]bool) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(quiet)) {
		if !used[key] {
			t.Errorf("%q excuses nothing", key)
		}
	}
}

// seen reports whether a change shows in what goes out or in what is named.
func seen(c *Change, before, after *Sent) bool {
	if after.Body != nil && !bytes.Equal(before.Body, after.Body) {
		return true
	}
	named := func(path string) bool { return holds(path, c.Path) || holds(c.Path, path) }
	return slices.ContainsFunc(after.Named, named) || slices.ContainsFunc(before.Named, named)
}

// holds reports whether a path is that of a value, or of what holds it.
func holds(path, value string) bool {
	rest, ok := strings.CutPrefix(value, path)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

var index = regexp.MustCompile(`\[\d+\]`)

// excuse returns the entry that excuses a change, empty if there is none: of several the longest.
func excuse(quiet map[string]string, c *Change) (found string) {
	path := index.ReplaceAllString(c.Path, "[]")
	for key := range quiet {
		at, what, _ := strings.Cut(key, " ")
		if (what == "" || what == c.What) && holds(at, path) && len(key) > len(found) {
			found = key
		}
	}
	return found
}
