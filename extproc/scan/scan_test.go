package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestDocumentAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range []string{
		`{}`, ` {"a":1} `, `{"a":[1,2,{"b":null}],"c":"x\u00e9\n"}`, `{"a":-0.5e+10}`, `{"":""}`,
		`{"a":1,}`, `{,}`, `{"a" 1}`, `{"a":01}`, `{"a":1.}`, `{"a":tru}`, `{"a":"` + "\n" + `"}`, `{"a":"\x"}`,
		`{"a":1}x`, `[1]`, `"a"`, ``, `{`, `{"a":[1,2}`, `{"a":"\ud800"}`, `{"a":"\u12"}`, `{"a":+1}`, `{"a":.5}`,
		`{"a":[]}`, `{"a":[ ]}`, `{"a":[,]}`, `{"a":{"b":}}`, `{"a":1 "b":2}`, `{"a":nul}`,
	} {
		var ref map[string]any
		want := json.Unmarshal([]byte(text), &ref) == nil
		m := Document([]byte(text))
		n := 0
		for m.Next() {
			n++
		}
		if got := m.Err() == nil; got != want {
			t.Errorf("%s: valid %v, want %v (%v)", text, got, want, m.Err())
		} else if got && n != len(ref) {
			t.Errorf("%s: %d members, want %d", text, n, len(ref))
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	deep := func(n int) []byte { return []byte(`{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`) }
	for n, ok := range map[int]bool{MaxDepth - 1: true, MaxDepth: false, 100_000: false} {
		m := Document(deep(n))
		for m.Next() {
		}
		if (m.Err() == nil) != ok {
			t.Errorf("depth %d: %v", n, m.Err())
		}
	}
}

func TestInvalidUTF8IsRefusedWithItsPlace(t *testing.T) {
	m := Document([]byte("{\"a\":\"\xff\"}"))
	if m.Next() || m.Err() == nil || !strings.Contains(m.Err().Error(), "byte 6") {
		t.Errorf("got %v", m.Err())
	}
}

func TestKeysAndStringsAreDecoded(t *testing.T) {
	m := Document([]byte(`{"mod\u0065l":"gpt-\ud83d\ude00\t"}`))
	if !m.Next() || string(m.Key()) != "model" {
		t.Fatalf("key %q", m.Key())
	}
	if s, _ := m.Value().Str(); string(s) != "gpt-😀\t" {
		t.Errorf("value %q", s)
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"a":[1,"\u00e9",{"b":null}],"c":-1.5e3}`))
	f.Add([]byte(`{"mod\u0065l":"x","a":"\ud83d\ude00"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := Document(b)
		got := map[string]string{}
		dup := false
		for m.Next() {
			k := string(m.Key())
			_, seen := got[k]
			dup = dup || seen
			got[k] = string(m.Value())
		}
		var ref map[string]json.RawMessage
		err := json.Unmarshal(b, &ref)
		if m.Err() != nil {
			return // stricter than encoding/json in UTF-8 and depth
		}
		if err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v: %q", err, b)
		}
		if ref == nil {
			t.Fatalf("accepted %q as an object", b)
		}
		for k, v := range ref {
			if !dup && got[k] != string(v) {
				t.Fatalf("member %q: %q, want %q", k, got[k], v)
			}
		}
	})
}

func split(s *Splitter, chunks ...[]byte) (events []string) {
	for _, c := range chunks {
		s.Feed(c)
		for {
			ev, err := s.Next()
			if err != nil || ev == nil {
				break
			}
			events = append(events, string(ev))
		}
	}
	return events
}

func TestSplitterKnowsEveryLineEnd(t *testing.T) {
	var s Splitter
	got := split(&s, []byte("data: a\n\ndata: b\r\n\r\ndata: c\r\r: d\n\nevent: x\ndata: 1\ndata:2\n\ndata: rest"))
	want := []string{"data: a\n\n", "data: b\r\n\r\n", "data: c\r\r", ": d\n\n", "event: x\ndata: 1\ndata:2\n\n"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q", got)
	}
	if d := Event(got[4]).Data(); string(d) != "1\n2" {
		t.Errorf("data %q", d)
	}
	if ty := Event(got[4]).Field("event"); string(ty) != "x" {
		t.Errorf("event %q", ty)
	}
	if Event(got[3]).Data() != nil {
		t.Errorf("a comment has no data")
	}
	if string(s.Rest()) != "data: rest" {
		t.Errorf("rest %q", s.Rest())
	}
}

func TestSplitterRefusesAnEndlessEvent(t *testing.T) {
	s := Splitter{Max: 10}
	s.Feed([]byte("data: 0123456789"))
	if _, err := s.Next(); !errors.Is(err, ErrEventTooLong) {
		t.Errorf("got %v", err)
	}
}

// Looking at the whole event again with each chunk would take minutes here, and
// milliseconds otherwise.
func TestSplitterLooksAtEachByteOnce(t *testing.T) {
	for name, event := range map[string]string{
		"one line": strings.Repeat("x", 8<<20),
		"lines":    strings.Repeat("data: x\n", 1<<20),
		"CR lines": strings.Repeat(":\r", 4<<20),
	} {
		var s Splitter
		start := time.Now()
		for rest := []byte(event); len(rest) > 0; rest = rest[64:] {
			s.Feed(rest[:64])
			if ev, err := s.Next(); ev != nil || err != nil {
				t.Fatalf("%s: %.20q %v", name, ev, err)
			}
		}
		if took := time.Since(start); took > 10*time.Second || len(s.Rest()) != len(event) {
			t.Errorf("%s: %v for %d bytes", name, took, len(s.Rest()))
		}
	}
}

func FuzzSplitter(f *testing.F) {
	f.Add([]byte("data: a\n\nevent: b\r\ndata: é\r\n\r\ndata: c\r\rtail"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		var whole, parts Splitter
		want := split(&whole, b)
		var chunks [][]byte
		for rest := b; len(rest) > 0; {
			n := min(int(size%17)+1, len(rest))
			chunks = append(chunks, rest[:n])
			rest = rest[n:]
		}
		got := split(&parts, chunks...)
		if strings.Join(got, "\x00|") != strings.Join(want, "\x00|") {
			t.Fatalf("in pieces %q, whole %q", got, want)
		}
		all := strings.Join(got, "") + string(parts.Rest())
		if !bytes.Equal([]byte(all), b) {
			t.Fatalf("lost bytes: %q of %q", all, b)
		}
	})
}

func TestAStreamMayBeginWithAByteOrderMark(t *testing.T) {
	if got := Event("\ufeffdata: {}\n\n").Data(); string(got) != "{}" {
		t.Errorf("data %q", got)
	}
}
