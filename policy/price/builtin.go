package price

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"time"
)

// catalogueCSV holds public list prices in USD per million tokens, each row with
// its source, and the day of that. A price with a valid_from replaces the provider's former
// row of the model then: on a day (UTC), or at a moment. If long_above is set, the long_input and
// long_output factors give the long-context price; if peak is set, it is the factor of all prices
// in peak_hours. A note says what a source lists otherwise, and which was taken.
//
//go:embed catalogue.csv
var catalogueCSV string

// Builtin returns the catalogue that is compiled in, read once. It panics if the
// embedded file is broken, which only a faulty build can cause.
func Builtin() *Catalogue { return builtin() }

var builtin = sync.OnceValue(func() *Catalogue {
	c, err := read(strings.NewReader(catalogueCSV), strings.NewReader(servedCSV))
	if err != nil {
		panic("price: catalogue: " + err.Error())
	}
	return c
})

// read builds a catalogue from CSV with a header line, and another of what is served
// otherwise.
func read(r, served io.Reader) (*Catalogue, error) {
	c := &Catalogue{exact: make(map[key][]Price), alias: make(map[key][]Price)}
	lines := csv.NewReader(r)
	header, err := lines.Read()
	if err != nil {
		return nil, err
	}
	var rows []row
	for {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := lines.FieldPos(0)
		row, err := parseRow(header, cells)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if err := c.add(key{row.provider, row.model}, row.price); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		c.rows = append(c.rows, row.listed())
		rows = append(rows, row)
	}
	if err := c.addServed(served); err != nil {
		return nil, fmt.Errorf("as served: %w", err)
	}
	c.addAliases(rows)
	c.addSimulated(rows)
	return c, nil
}

func (c *Catalogue) add(k key, p Price) error {
	for _, r := range c.exact[k] {
		if r.ValidFrom.Equal(p.ValidFrom) {
			return fmt.Errorf("%s/%s is listed twice from the same day", k.owner, k.model)
		}
	}
	c.exact[k] = insert(c.exact[k], p)
	return nil
}

// addAliases gives dated rows their other names: the undated one, if only one
// snapshot has it and nothing is listed under it, and the one with an @.
func (c *Catalogue) addAliases(rows []row) {
	snapshots := make(map[key]map[string]bool)
	for _, r := range rows {
		base := undated(r.model)
		if base == r.model {
			continue
		}
		k := key{r.provider, base}
		if snapshots[k] == nil {
			snapshots[k] = make(map[string]bool)
		}
		snapshots[k][r.model] = true
		if date := r.model[len(base):]; len(date) == len("-20250929") {
			c.alias[key{r.provider, base + "@" + date[1:]}] = c.exact[key{r.provider, r.model}]
		}
	}
	for k, models := range snapshots {
		if _, listed := c.exact[k]; listed || len(models) > 1 {
			continue
		}
		for model := range models {
			c.alias[k] = c.exact[key{k.owner, model}]
		}
	}
}

// addSimulated lists every model for the simulated provider. Where several
// providers offer a model, the one that comes first in the file counts.
func (c *Catalogue) addSimulated(rows []row) {
	for _, r := range rows {
		if k := (key{Simulated, r.model}); c.exact[k] == nil {
			c.exact[k] = c.exact[key{r.provider, r.model}]
		}
	}
	for _, r := range rows {
		base := undated(r.model)
		for _, name := range []string{base, base + "@" + strings.TrimPrefix(r.model[len(base):], "-")} {
			k := key{Simulated, name}
			if from := c.alias[key{r.provider, name}]; from != nil && c.exact[k] == nil && c.alias[k] == nil {
				c.alias[k] = from
			}
		}
	}
}

// row is one line of the file.
type row struct {
	provider, model   string
	price             Price
	day, source, note string
}

func (r *row) listed() Row {
	return Row{Provider: r.provider, Model: r.model, Price: r.price, Listed: r.day, Source: r.source, Note: r.note}
}

func parseRow(header, cells []string) (row, error) {
	cell := named(header, cells)
	r := row{provider: cell["provider"], model: cell["model"], day: cell["listed"], source: cell["source"], note: cell["note"]}
	if r.provider == "" || r.model == "" || r.source == "" {
		return row{}, errors.New("a row needs provider, model and source")
	}
	if _, err := time.Parse(time.DateOnly, r.day); err != nil {
		return row{}, fmt.Errorf("listed: %w", err)
	}
	from, err := parseFrom(cell["valid_from"])
	if err != nil {
		return row{}, fmt.Errorf("valid_from: %w", err)
	}
	day := r.day
	if !from.IsZero() {
		day = from.Format(time.DateOnly)
	}
	rates, err := parseRates(cell)
	if err != nil {
		return row{}, err
	}
	r.price = rates.Price(r.provider+"/"+r.model+"@"+day, from)
	if err := r.addLong(cell); err != nil {
		return row{}, err
	}
	return r, r.addPeak(cell)
}

// parseFrom reads from when on a price holds, a day or a moment; empty: since ever.
func parseFrom(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if from, err := time.Parse(time.RFC3339, text); err == nil {
		return from, nil
	}
	return time.Parse(time.DateOnly, text)
}

func parseRates(cell map[string]string) (Rates, error) {
	var rates Rates
	var err error
	if rates.Input, err = ParsePerMillion(cell["input"]); err != nil {
		return rates, fmt.Errorf("input: %w", err)
	}
	if rates.Output, err = ParsePerMillion(cell["output"]); err != nil {
		return rates, fmt.Errorf("output: %w", err)
	}
	for name, to := range map[string]**Pico{
		"cache_read": &rates.CacheRead, "cache_write_5m": &rates.CacheWrite5m, "cache_write_1h": &rates.CacheWrite1h,
		"audio_input": &rates.AudioInput, "audio_output": &rates.AudioOutput,
	} {
		if cell[name] == "" {
			continue
		}
		p, err := ParsePerMillion(cell[name])
		if err != nil {
			return rates, fmt.Errorf("%s: %w", name, err)
		}
		*to = &p
	}
	return rates, nil
}

// addLong derives the long-context price: one factor for all that goes in, cached
// or not, one for all that comes out.
func (r *row) addLong(cell map[string]string) error {
	if cell["long_above"] == "" {
		return nil
	}
	above, err := strconv.ParseInt(cell["long_above"], 10, 64)
	if err != nil {
		return fmt.Errorf("long_above: %w", err)
	}
	long := r.price
	in := []*Pico{&long.Input, &long.CacheRead, &long.CacheWrite5m, &long.CacheWrite1h, &long.AudioInput}
	if err := scale(in, cell["long_input"]); err != nil {
		return fmt.Errorf("long_input: %w", err)
	}
	if err := scale([]*Pico{&long.Output, &long.AudioOutput}, cell["long_output"]); err != nil {
		return fmt.Errorf("long_output: %w", err)
	}
	long.ID += "+long"
	r.price.Long, r.price.LongAbove = &long, above
	return nil
}

// scale multiplies prices by a decimal factor, exactly or not at all.
func scale(prices []*Pico, factor string) error {
	f, ok := new(big.Rat).SetString(factor)
	if !ok {
		return fmt.Errorf("%q is no factor", factor)
	}
	for _, p := range prices {
		x := new(big.Rat).Mul(f, new(big.Rat).SetInt64(int64(*p)))
		if !x.IsInt() || !x.Num().IsInt64() {
			return fmt.Errorf("%s × %s is no whole number of pico-USD", p, factor)
		}
		*p = Pico(x.Num().Int64())
	}
	return nil
}
