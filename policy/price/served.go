package price

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// servedCSV holds what models cost that are served in another way than the usual one: in a
// service tier, at a speed, in a region. A row names the way by the provider's words for it, and
// has a factor of all prices, prices of its own in USD per million tokens, or both: such a price
// replaces what the factor makes, but for long contexts. Rows of regions come last: they hold of
// what the rows before them say, too.
//
//go:embed served.csv
var servedCSV string

// As returns the price of what was served in a way, such as a tier: p itself, if its row
// says none of that. It does not allocate.
func (p *Price) As(way string) *Price {
	if served := p.Served[way]; served != nil {
		return served
	}
	return p
}

// addServed gives rows what they cost if served otherwise.
func (c *Catalogue) addServed(r io.Reader) error {
	lines := csv.NewReader(r)
	header, err := lines.Read()
	if err != nil {
		return err
	}
	for {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := lines.FieldPos(0)
		if err := c.addWay(named(header, cells)); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func (c *Catalogue) addWay(cell map[string]string) error {
	rows := c.exact[key{cell["provider"], cell["model"]}]
	switch {
	case len(rows) == 0:
		return errors.New("no row of the catalogue names this model")
	case cell["as"] == "" || cell["source"] == "":
		return errors.New("a row needs provider, model, as and source")
	}
	if _, err := time.Parse(time.DateOnly, cell["listed"]); err != nil {
		return fmt.Errorf("listed: %w", err)
	}
	for way := range strings.FieldsSeq(cell["as"]) {
		for i := range rows {
			if err := rows[i].addWay(way, cell); err != nil {
				return err
			}
		}
	}
	last := rows[len(rows)-1]
	c.rows = append(c.rows, Row{
		Provider: cell["provider"], Model: cell["model"], As: cell["as"], Price: *last.As(strings.Fields(cell["as"])[0]),
		Listed: cell["listed"], Source: cell["source"], Note: cell["note"],
	})
	return nil
}

// addWay adds what a price is in a way, and in that together with each that is known.
func (p *Price) addWay(way string, cell map[string]string) error {
	if p.Peak != nil {
		return errors.New("a model with a price of its peak is served in no other way")
	}
	for _, base := range append([]*Price{p}, p.ways()...) {
		served, err := base.served(way, cell)
		if err != nil {
			return err
		}
		base.serve(way, served)
	}
	return nil
}

// ways returns the prices of the ways that are known.
func (p *Price) ways() (all []*Price) {
	for _, served := range p.Served {
		all = append(all, served)
	}
	return all
}

func (p *Price) serve(as string, served *Price) {
	if p.Served == nil {
		p.Served = make(map[string]*Price)
	}
	p.Served[as] = served
}

// served returns what a price is if its model is served in the way of a row.
func (p *Price) served(way string, cell map[string]string) (*Price, error) {
	to := *p
	to.Served, to.ID = nil, p.ID+"+"+way
	if factor := cell["factor"]; factor != "" {
		if err := to.scale(factor); err != nil {
			return nil, err
		}
		return &to, to.replace(cell)
	}
	if p.Long != nil || p.CacheWrite5m != p.Input || p.AudioInput != p.Input || p.AudioOutput != p.Output {
		return nil, errors.New("a model with other prices than these needs a factor")
	}
	rates, err := parseRates(cell)
	if err != nil {
		return nil, err
	}
	to = rates.Price(to.ID, p.ValidFrom)
	return &to, nil
}

// replace takes over the prices that a row gives beside its factor.
func (p *Price) replace(cell map[string]string) error {
	for name, to := range map[string]*Pico{"input": &p.Input, "output": &p.Output, "cache_read": &p.CacheRead} {
		if cell[name] == "" {
			continue
		}
		n, err := ParsePerMillion(cell[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*to = n
	}
	return nil
}

// scale multiplies all prices by a factor, those of a long context, too.
func (p *Price) scale(factor string) error {
	if p.Long != nil {
		long := *p.Long
		if err := long.scale(factor); err != nil {
			return err
		}
		p.Long = &long
	}
	return scale([]*Pico{&p.Input, &p.Output, &p.CacheRead, &p.CacheWrite5m, &p.CacheWrite1h, &p.AudioInput, &p.AudioOutput}, factor)
}

func named(header, cells []string) map[string]string {
	cell := make(map[string]string, len(header))
	for i, name := range header {
		cell[name] = strings.TrimSpace(cells[i])
	}
	return cell
}
