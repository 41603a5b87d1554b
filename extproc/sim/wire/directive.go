package wire

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The error statuses that can be scripted. Those from 600 on are no statuses of HTTP, which
// some servers give all the same.
const minStatus, maxStatus = 400, 999

// causes are those of a 400 that can be scripted.
var causes = []string{RejectContext, RejectFilter, RejectPrefill}

const maxOversize = 64 << 20

// Keys maps each directive key to what it sets.
var Keys = map[string]func(*Behaviour, string) error{
	"ttft":    func(b *Behaviour, v string) error { return setDuration(&b.TTFT, v) },
	"silence": func(b *Behaviour, v string) error { return setDuration(&b.Silence, v) },
	"pause":   func(b *Behaviour, v string) error { return setDuration(&b.Pause, v) },
	"tps": func(b *Behaviour, v string) (err error) {
		b.TPS, err = strconv.ParseFloat(v, 64)
		if err != nil || !(b.TPS > 0 && b.TPS <= 1e9) {
			return fmt.Errorf("want tokens per second above 0, got %q", v)
		}
		return nil
	},
	"tokens":            func(b *Behaviour, v string) error { return setPtr(&b.Tokens, v, 0, maxOversize/4) },
	"text":              func(b *Behaviour, v string) error { b.Text = &v; return nil },
	"echo":              func(b *Behaviour, v string) error { return setFlag(&b.Echo, v) },
	"oversize":          func(b *Behaviour, v string) error { return SetInt(&b.Oversize, v, 1, maxOversize) },
	"tool":              func(b *Behaviour, v string) error { return setWord(&b.Tool, v) },
	"tools":             func(b *Behaviour, v string) error { return SetInt(&b.Tools, v, 1, 128) },
	"input":             func(b *Behaviour, v string) error { b.Input = &v; return nil },
	"reasoning":         func(b *Behaviour, v string) error { return setPtr(&b.Reasoning, v, 0, 1<<20) },
	"reasoning-content": func(b *Behaviour, v string) error { return setFlag(&b.ReasoningContent, v) },
	"refusal":           func(b *Behaviour, v string) error { b.Refusal = &v; return nil },
	"finish":            func(b *Behaviour, v string) error { return setWord(&b.Finish, v) },
	"snapshot":          func(b *Behaviour, v string) error { return setWord(&b.Snapshot, v) },
	"flag":              func(b *Behaviour, v string) error { return setWord(&b.Flag, v) },
	"cached":            func(b *Behaviour, v string) error { return setPtr(&b.Cached, v, 0, 1<<30) },
	"cache-write":       func(b *Behaviour, v string) error { return setPtr(&b.CacheWrite, v, 0, 1<<30) },
	"cache-write-1h":    func(b *Behaviour, v string) error { return setPtr(&b.CacheWrite1h, v, 0, 1<<30) },
	"audio":             func(b *Behaviour, v string) error { return setPtr(&b.Audio, v, 0, 1<<30) },
	"audio-out":         func(b *Behaviour, v string) error { return setPtr(&b.AudioOut, v, 0, 1<<30) },
	"no-usage":          func(b *Behaviour, v string) error { return setFlag(&b.NoUsage, v) },
	"form":              func(b *Behaviour, v string) error { return setOne(&b.Form, v, []string{FormJSON, FormStream}) },
	"type":              func(b *Behaviour, v string) error { return setWord(&b.Type, v) },
	"bom":               func(b *Behaviour, v string) error { return setFlag(&b.BOM, v) },
	"usage":             func(b *Behaviour, v string) error { return setOne(&b.Usage, v, UsageShapes) },
	"ids":               func(b *Behaviour, v string) error { return setOne(&b.IDs, v, []string{IDsEmpty, IDsTwice}) },
	"without":           func(b *Behaviour, v string) error { b.Without = strings.Split(v, ","); return nil },
	"pings":             func(b *Behaviour, v string) error { return setFlag(&b.Pings, v) },
	"twice":             func(b *Behaviour, v string) error { return setPtr(&b.Twice, v, 1, 1<<30) },
	"swap":              func(b *Behaviour, v string) error { return setPtr(&b.Swap, v, 1, 1<<30) },
	"unknown":           func(b *Behaviour, v string) error { return setPtr(&b.Unknown, v, 1, 1<<30) },
	"error-as":          func(b *Behaviour, v string) error { return setOne(&b.ErrorAs, v, ErrorShapes) },
	"status":            func(b *Behaviour, v string) error { return SetInt(&b.Status, v, minStatus, maxStatus) },
	"retry-after": func(b *Behaviour, v string) error {
		if n, err := strconv.Atoi(v); err != nil || n < 0 {
			if _, err := http.ParseTime(v); err != nil {
				return fmt.Errorf("want seconds or an HTTP date, got %q", v)
			}
		}
		b.RetryAfter = v
		return nil
	},
	"retry-after-ms": func(b *Behaviour, v string) error { return setPtr(&b.RetryAfterMS, v, 0, 1<<30) },
	"quota":          func(b *Behaviour, v string) error { return setFlag(&b.Quota, v) },
	"used-up":        func(b *Behaviour, v string) error { return setDuration(&b.UsedUp, v) },
	"reject":         func(b *Behaviour, v string) error { return setOne(&b.Reject, v, causes) },
	"hang": func(b *Behaviour, v string) error {
		if v == "headers" {
			b.HangHeaders = true
			return nil
		}
		return setPtr(&b.Hang, v, 0, 1<<30)
	},
	"cut":       func(b *Behaviour, v string) error { return setCut(&b.Cut, v) },
	"reset":     func(b *Behaviour, v string) error { return setCut(&b.Reset, v) },
	"malformed": func(b *Behaviour, v string) error { return setPtr(&b.Malformed, v, 1, 1<<30) },
	"stutter":   func(b *Behaviour, v string) error { return setPtr(&b.Stutter, v, 1, 1<<30) },
	"truncate": func(b *Behaviour, v string) error {
		if v == "" {
			b.Truncate = new(-1)
			return nil
		}
		return setPtr(&b.Truncate, v, 0, 1<<30)
	},
	"error":          func(b *Behaviour, v string) error { return setPtr(&b.Error, v, 0, 1<<30) },
	"drip":           func(b *Behaviour, v string) error { return SetInt(&b.Drip, v, 1, 1<<20) },
	"burst":          func(b *Behaviour, v string) error { return setFlag(&b.Burst, v) },
	"content-length": func(b *Behaviour, v string) error { return setPtr(&b.ContentLength, v, 0, 1<<40) },
	"gzip":           func(b *Behaviour, v string) error { return setFlag(&b.Gzip, v) },
	"crlf":           func(b *Behaviour, v string) error { return setFlag(&b.CRLF, v) },
	"no-done":        func(b *Behaviour, v string) error { return setFlag(&b.NoDone, v) },
	"comments":       func(b *Behaviour, v string) error { return setFlag(&b.Comments, v) },
	"close":          func(b *Behaviour, v string) error { return setFlag(&b.Close, v) },
}

// Set sets one key; it overwrites what a source of lower rank has set.
func (b *Behaviour) Set(key, value string) error {
	f := Keys[key]
	if f == nil {
		return fmt.Errorf("unknown key %q", key)
	}
	if err := f(b, value); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// Apply sets the keys of a directive whose items are parted by sep.
func (b *Behaviour) Apply(text string, sep byte) error {
	for text != "" {
		var item string
		var err error
		if item, text, err = cutItem(text, sep); err != nil {
			return err
		}
		if item == "" {
			continue
		}
		key, value, _ := strings.Cut(item, "=")
		if strings.HasPrefix(value, `"`) {
			if value, err = strconv.Unquote(value); err != nil {
				return fmt.Errorf("%s: want a value quoted as in Go", key)
			}
		}
		if err := b.Set(strings.TrimSpace(key), value); err != nil {
			return err
		}
	}
	return nil
}

// cutItem cuts text at the first sep outside double quotes.
func cutItem(text string, sep byte) (item, rest string, err error) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == sep && !quoted:
			return strings.TrimSpace(text[:i]), text[i+1:], nil
		}
	}
	if quoted {
		return "", "", errors.New("a quote is not closed")
	}
	return strings.TrimSpace(text), "", nil
}

const (
	directiveOpen  = "[[sim "
	directiveClose = "]]"
)

// CutDirectives takes the directives out of a message's text.
func CutDirectives(text string) (clean string, directives []string) {
	for {
		before, rest, ok := strings.Cut(text, directiveOpen)
		if !ok {
			break
		}
		inside, after, ok := strings.Cut(rest, directiveClose)
		if !ok {
			break
		}
		directives = append(directives, inside)
		text = strings.TrimRight(before, " ") + after
	}
	return text, directives
}

func setDuration(p *time.Duration, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return fmt.Errorf("want a duration such as 200ms, got %q", v)
	}
	*p = d
	return nil
}

// SetInt reads a number within bounds.
func SetInt(p *int, v string, low, high int) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		return fmt.Errorf("want a whole number from %d to %d, got %q", low, high, v)
	}
	*p = n
	return nil
}

func setPtr(p **int, v string, low, high int) error {
	var n int
	if err := SetInt(&n, v, low, high); err != nil {
		return err
	}
	*p = &n
	return nil
}

func setCut(p **int, v string) error {
	if v == "headers" {
		*p = new(-1)
		return nil
	}
	return setPtr(p, v, 0, 1<<30)
}

func setFlag(p *bool, v string) error {
	switch v {
	case "", "true", "1":
		*p = true
	case "false", "0":
		*p = false
	default:
		return fmt.Errorf("want no value, true or false, got %q", v)
	}
	return nil
}

// setOne reads one of a few words.
func setOne(p *string, v string, words []string) error {
	if !slices.Contains(words, v) {
		return fmt.Errorf("want one of %v, got %q", words, v)
	}
	*p = v
	return nil
}

func setWord(p *string, v string) error {
	if v == "" {
		return errors.New("wants a value")
	}
	*p = v
	return nil
}
