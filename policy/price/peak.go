package price

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Peak is what a model costs in the hours of a weekday (Monday to Friday, UTC) in which its
// provider asks more. On public holidays of the provider's country it asks no more, which is not
// known here: the price of such a day is too high.
type Peak struct {
	Price *Price
	Hours Hours
}

// Hours are hours of a day: bit 0 is the one that begins at midnight.
type Hours uint32

// String returns the hours as spans that end before their last hour, such as "1-4 6-10".
func (h Hours) String() string {
	var all []string
	for first := 0; first < 24; first++ {
		end := first
		for end < 24 && h&(1<<end) != 0 {
			end++
		}
		if end > first {
			all = append(all, fmt.Sprintf("%d-%d", first, end))
			first = end
		}
	}
	return strings.Join(all, " ")
}

// at returns the price at a moment from its ValidFrom on: p itself, or that of its peak. It does
// not allocate.
func (p *Price) at(moment time.Time) *Price {
	if p.Peak != nil && p.Peak.holds(moment.UTC()) {
		return p.Peak.Price
	}
	return p
}

func (k *Peak) holds(moment time.Time) bool {
	day := moment.Weekday()
	return day != time.Saturday && day != time.Sunday && k.Hours&(1<<moment.Hour()) != 0
}

// addPeak derives the price of the peak, which is a factor of all prices.
func (r *row) addPeak(cell map[string]string) error {
	if cell["peak"] == "" && cell["peak_hours"] == "" {
		return nil
	}
	hours, err := parseHours(cell["peak_hours"])
	if err != nil {
		return fmt.Errorf("peak_hours: %w", err)
	}
	peak := r.price
	if err := peak.scale(cell["peak"]); err != nil {
		return fmt.Errorf("peak: %w", err)
	}
	peak.ID += "+peak"
	r.price.Peak = &Peak{Price: &peak, Hours: hours}
	return nil
}

// parseHours reads spans of hours such as "1-4 6-10", which end before their last hour.
func parseHours(text string) (all Hours, err error) {
	for span := range strings.FieldsSeq(text) {
		from, to, _ := strings.Cut(span, "-")
		first, err := strconv.ParseUint(from, 10, 8)
		if err != nil {
			return 0, err
		}
		end, err := strconv.ParseUint(to, 10, 8)
		if err != nil {
			return 0, err
		}
		if first >= end || end > 24 {
			return 0, fmt.Errorf("%q is no span of hours", span)
		}
		for h := first; h < end; h++ {
			all |= 1 << h
		}
	}
	if all == 0 {
		return 0, errors.New("there are none")
	}
	return all, nil
}
