package catalogue

import (
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/trait"
)

// modelsCSV holds what models take, each row with its sources and the date of the newest
// of them. An empty cell is not known. Names are those of the price list; a snapshot is
// listed where its undated name is not.
//
//go:embed models.csv
var modelsCSV string

// Builtin returns the catalogue that is compiled in, read once. It panics if the
// embedded file is broken, which only a faulty build can cause.
func Builtin() *Catalogue { return builtin() }

var builtin = sync.OnceValue(func() *Catalogue {
	c, err := read(strings.NewReader(modelsCSV))
	if err != nil {
		panic("catalogue: models.csv: " + err.Error())
	}
	return c
})

// read builds a catalogue from CSV with a header line.
func read(r io.Reader) (*Catalogue, error) {
	c := &Catalogue{rows: make(map[key]Row), alias: make(map[key]Row)}
	lines := csv.NewReader(r)
	header, err := lines.Read()
	if err != nil {
		return nil, err
	}
	for {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			c.addAliases()
			return c, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := lines.FieldPos(0)
		if err := c.add(header, cells); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// add reads a row, and lists it for the simulated provider, too. Of a model that several
// providers serve the first one counts there.
func (c *Catalogue) add(header, cells []string) error {
	row, err := parseRow(header, cells)
	if err != nil {
		return err
	}
	k := key{row.Provider, row.Model}
	if _, twice := c.rows[k]; twice {
		return fmt.Errorf("%s/%s is listed twice", k.owner, k.model)
	}
	c.rows[k] = row
	if k.owner = price.Simulated; c.rows[k].Model == "" {
		row.Provider = price.Simulated
		c.rows[k] = row
	}
	return nil
}

// addAliases gives dated rows their other names: the undated one, if nothing is listed
// under it and no other snapshot has it, and the one with an @.
func (c *Catalogue) addAliases() {
	twice := make(map[key]bool)
	for k, r := range c.rows {
		base := price.Undated(k.model)
		if base == k.model {
			continue
		}
		c.alias[key{k.owner, base + "@" + strings.TrimPrefix(k.model[len(base):], "-")}] = r
		short := key{k.owner, base}
		if _, listed := c.rows[short]; listed {
			continue
		}
		if _, other := c.alias[short]; other {
			twice[short] = true
		}
		c.alias[short] = r
	}
	for k := range twice {
		delete(c.alias, k)
	}
}

func parseRow(header, cells []string) (Row, error) {
	cell := make(map[string]string, len(header))
	for i, name := range header {
		cell[name] = cells[i]
	}
	row := Row{Provider: cell["provider"], Model: cell["model"], Date: cell["date"], Source: cell["source"]}
	if row.Provider == "" || row.Model == "" || row.Source == "" {
		return row, errors.New("a row needs provider, model and source")
	}
	if _, err := time.Parse(time.DateOnly, row.Date); err != nil {
		return row, fmt.Errorf("date: %w", err)
	}
	return row, fill(&row.Set, cell)
}

// words are the cells that hold one word, each with what it may say.
var words = []struct {
	name   string
	at     func(*trait.Set) any
	values []string
}{
	{"limit", func(s *trait.Set) any { return &s.Limit }, []string{"max_tokens", "max_completion_tokens"}},
	{"sampling", func(s *trait.Set) any { return &s.Sampling }, []string{"any", "one", "unless-reasoning", "default"}},
	{"stop", func(s *trait.Set) any { return &s.Stop }, support},
	{"logprobs", func(s *trait.Set) any { return &s.Logprobs }, support},
	{"reasoning", func(s *trait.Set) any { return &s.Reasoning }, []string{"none", "optional", "adaptive", "always"}},
	{"still_effort", func(s *trait.Set) any { return &s.StillEffort }, []string{"low", "medium", "high"}},
	{"tool_efforts", func(s *trait.Set) any { return &s.ToolEfforts }, []string{"any", "unsaid", "none"}},
	{"images", func(s *trait.Set) any { return &s.Images }, support},
	{"pdf", func(s *trait.Set) any { return &s.PDF }, support},
	{"audio", func(s *trait.Set) any { return &s.Audio }, support},
	{"tools", func(s *trait.Set) any { return &s.Tools }, support},
	{"forced", func(s *trait.Set) any { return &s.Forced }, support},
	{"prefill", func(s *trait.Set) any { return &s.Prefill }, support},
	{"schema", func(s *trait.Set) any { return &s.Schema }, []string{"none", "openai", "anthropic"}},
}

var support = []string{"taken", "refused"}

func fill(s *trait.Set, cell map[string]string) error {
	for name, to := range map[string]*int64{"context": &s.Context, "output": &s.Output, "tool_name": &s.ToolName} {
		if cell[name] == "" {
			continue
		}
		n, err := strconv.ParseInt(cell[name], 10, 64)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*to = n
	}
	for _, w := range words {
		if err := fillWord(w.at(s), cell[w.name], w.values); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	if err := s.Forms.UnmarshalText([]byte(cell["forms"])); err != nil {
		return fmt.Errorf("forms: %w", err)
	}
	if err := s.Efforts.UnmarshalText([]byte(cell["efforts"])); err != nil {
		return fmt.Errorf("efforts: %w", err)
	}
	return nil
}

// fillWord puts a word into a field of a string type.
func fillWord(to any, word string, values []string) error {
	if word == "" {
		return nil
	}
	for _, v := range values {
		if v == word {
			text, err := json.Marshal(word)
			if err != nil {
				return err
			}
			return json.Unmarshal(text, to)
		}
	}
	return fmt.Errorf("%q is none of %v", word, values)
}
