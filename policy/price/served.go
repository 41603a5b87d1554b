package price

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// servedCSV holds what models cost that are served in another way than the usual one, where
// that is no factor of their provider's: in a service tier, at a speed, in a region. A row
// has a factor of all prices, or prices of its own in USD per million tokens. Rows of
// regions come last: they hold of what the rows before them say, too.
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
	for i := range rows {
		for _, base := range append([]*Price{&rows[i]}, rows[i].ways()...) {
			served, err := base.served(cell)
			if err != nil {
				return err
			}
			base.serve(cell["as"], served)
		}
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
func (p *Price) served(cell map[string]string) (*Price, error) {
	to := *p
	to.Served, to.ID = nil, p.ID+"+"+cell["as"]
	if factor := cell["factor"]; factor != "" {
		return &to, to.scale(factor)
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
