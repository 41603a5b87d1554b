package canon

import (
	"bytes"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/scan"
)

// maxWords bounds what is said of an error, in bytes.
const maxWords = 2000

// worded are the members in which servers say what went wrong, the surest first: OpenAI's
// and Anthropic's, FastAPI's, those of gateways in front of them.
var worded = []string{"error", "message", "detail", "details", "errors", "error_description", "error_message", "msg", "description", "reason", "title"}

// Words returns what the body of an error says to people, in one line, whatever form it
// has: an object, a list of them, a text, or a page. Empty: it says nothing.
func Words(body []byte) string {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	switch {
	case len(body) == 0:
		return ""
	case body[0] == '<':
		return oneLine(html.UnescapeString(title(body)))
	case body[0] == '{' || body[0] == '[' || body[0] == '"':
		if scan.Broken(body) < 0 {
			return oneLine(said(body, 0))
		}
	}
	return oneLine(string(body))
}

// said returns what a value says of an error.
func said(v scan.Value, depth int) string {
	const deepest, mostOfAList = 4, 3
	switch {
	case v.Kind() == scan.String:
		return Str(v)
	case depth > deepest:
		return ""
	case v.Kind() == scan.Object:
		return withPlace(v, depth)
	}
	var all []string
	for e := v.Elements(); e.Next() && len(all) < mostOfAList; {
		if text := said(e.Value(), depth+1); text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, "; ")
}

// withPlace returns what an object says, after the place in the request that it names, as
// FastAPI's validation does.
func withPlace(v scan.Value, depth int) string {
	text := ""
	for _, name := range worded {
		if text = said(v.Get(name), depth+1); text != "" {
			break
		}
	}
	var place []string
	for e := v.Get("loc").Elements(); e.Next() && len(place) < 10; {
		if name := Str(e.Value()); name != "" {
			place = append(place, name)
		} else {
			place = append(place, string(e.Value()))
		}
	}
	if text == "" || len(place) == 0 {
		return text
	}
	return strings.Join(place, ".") + ": " + text
}

// title returns the title of a page, which is what proxies say in theirs.
func title(page []byte) string {
	lower := bytes.ToLower(page)
	start := bytes.Index(lower, []byte("<title"))
	if start < 0 {
		return ""
	}
	open := bytes.IndexByte(lower[start:], '>')
	end := bytes.Index(lower[start:], []byte("</title"))
	if open < 0 || end < open {
		return ""
	}
	return string(page[start+open+1 : start+end])
}

// oneLine makes a text safe to show: one line of what can be printed, bounded.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), 4*maxWords)], "")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if len(text) <= maxWords {
		return text
	}
	cut := maxWords
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
