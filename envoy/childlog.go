package envoy

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// maxLine is how much of one line is logged, in bytes.
const maxLine = 64 << 10

// log passes Envoy's lines on at their own level. It always reads on, because a full pipe
// would stop Envoy. A line that is too long is cut, and marked as such.
func (c *Child) log(r io.Reader, last *words) {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, cut, err := in.ReadLine()
		if err != nil {
			return // the process has ended and closed the pipe
		}
		c.logLine(string(line), cut, last)
		for cut && err == nil {
			_, cut, err = in.ReadLine()
		}
	}
}

func (c *Child) logLine(line string, cut bool, last *words) {
	if strings.TrimSpace(line) == "" {
		return // the end of a message of several lines
	}
	var fields []zap.Field
	if cut {
		fields = append(fields, zap.Bool("cut", true))
	}
	level, rest, ok := strings.Cut(line, "\t")
	name, text, _ := strings.Cut(rest, "\t")
	if !ok {
		last.add(line)
		c.options.Log.Warn(line, fields...)
		return
	}
	if levelOf(level) == zapcore.ErrorLevel {
		last.add(text)
	}
	at := c.levelNow(levelOf(level))
	if refusal(text) {
		at = zapcore.DebugLevel
	}
	c.options.Log.Log(at, text, append(fields, zap.String("logger", name))...)
}

// refused begin the lines in which Envoy says that it refuses a configuration.
var refused = []string{"delta config for ", "gRPC config for ", "lds: ", "cds: ", "rds: "}

// refusal reports whether a line says that Envoy refuses a configuration. Whoever has sent that gets
// the same words as an answer and logs them once; Envoy has up to four lines for it.
func refusal(text string) bool {
	if strings.Contains(text, " failed to bind or apply socket options: ") {
		return true
	}
	return strings.Contains(text, " rejected: ") && slices.ContainsFunc(refused, func(begin string) bool { return strings.HasPrefix(text, begin) })
}

// levelNow is the level of a line at present. What Envoy warns of once it was asked to stop,
// its SIGTERM and the streams that it closes, needs no action.
func (c *Child) levelNow(level zapcore.Level) zapcore.Level {
	select {
	case <-c.stop:
		if level == zapcore.WarnLevel {
			return zapcore.DebugLevel
		}
		return level
	default:
		return level
	}
}

func levelOf(name string) zapcore.Level {
	switch name {
	case "trace", "debug":
		return zapcore.DebugLevel
	case "info":
		return zapcore.InfoLevel
	case "warning":
		return zapcore.WarnLevel
	}
	return zapcore.ErrorLevel
}

// words are the last of a process's errors and of its lines in no format, which it prints
// before it can log.
type words struct{ lines []string }

// Bounds of what is kept: lines, and bytes of each.
const (
	maxWords  = 3
	wordsSize = 1 << 10
)

// add keeps a line. Envoy often prints the same twice, the second time shorter.
func (w *words) add(line string) {
	line = strings.TrimSpace(line)
	if line == "" {
		return
	}
	if len(line) > wordsSize {
		line = strings.ToValidUTF8(line[:wordsSize], "") + "..."
	}
	w.lines = slices.DeleteFunc(w.lines, func(said string) bool { return strings.Contains(said, line) })
	w.lines = append(w.lines, line)
	if len(w.lines) > maxWords {
		w.lines = w.lines[1:]
	}
}

// of adds the words to the error with which a process ended.
func (w *words) of(err error) error {
	if len(w.lines) == 0 {
		return err
	}
	return fmt.Errorf("%w: %s", err, strings.Join(w.lines, "; "))
}
