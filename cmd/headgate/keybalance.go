package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/key"
)

// balanceTexts are what is left of the limits of a key, a line each; nil: nobody was asked.
func balanceTexts(b *key.Balances) (lines []string) {
	if b == nil {
		return nil
	}
	for i := range b.Limits {
		lines = append(lines, balanceText(&b.Limits[i]))
	}
	lines = append(lines, b.Troubles...)
	switch silent := b.Pairs - b.Answered; {
	case b.Pairs == 0:
		lines = append(lines, "not known: no pair is linked to this control plane")
	case silent > 0:
		lines = append(lines, fmt.Sprintf("not known of %d of %d pairs, which do not answer", silent, b.Pairs))
	}
	return lines
}

// balanceText says where a limit stands, such as
// "7 of 10 requests/min of tier free, all of them in 18s".
func balanceText(b *key.Balance) string {
	amount, of := strconv.FormatInt, map[string]string{"requests": "requests/min", "tokens": "tokens/min", "usd_per_day": "USD/day", "usd_per_month": "USD/month"}[b.Unit]
	if b.Unit == "usd_per_day" || b.Unit == "usd_per_month" {
		amount = func(n int64, _ int) string { return price.FormatNano(n) }
	}
	text := amount(b.Left, 10) + " of " + amount(b.Max, 10) + " " + of + " of " + b.Owner + " " + b.Name
	if b.Shadow {
		text += ", only counted"
	}
	if b.Pair != "" {
		text += ", at " + b.Pair
	}
	if left := time.Duration(b.Reset * float64(time.Second)).Round(time.Second); left > 0 {
		text += ", all in " + left.String()
	}
	return text
}
