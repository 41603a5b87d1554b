package policy

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // where the system has no zones

	"github.com/headgate/headgate/policy/strict"
)

// Quota bounds what somebody may consume. The zero value bounds nothing.
type Quota struct {
	Name        string // of the tier, the team or the feature
	RPM         int64  // requests per minute; 0: no bound, as below
	TPM         int64  // tokens per minute, of input and output
	USDPerDay   Nano
	USDPerMonth Nano
	Mode        QuotaMode
}

// Nano is an amount of money in nano-USD, 1e-9 USD.
type Nano int64

// QuotaMode says what happens beyond a quota.
type QuotaMode string

// The values of QuotaMode.
const (
	QuotaEnforce QuotaMode = "enforce" // requests are refused
	QuotaShadow  QuotaMode = "shadow"  // they are served, and counted
)

// Bounds reports whether the quota has any bound.
func (q *Quota) Bounds() bool {
	return q.RPM > 0 || q.TPM > 0 || q.USDPerDay > 0 || q.USDPerMonth > 0
}

var quota = strict.NewObject(quotaFields(func(q *Quota) *Quota { return q })...)

// quotaFields are the keys of a quota, in an object that may have others beside them.
func quotaFields[S any](at func(*S) *Quota) []strict.Member[S] {
	return []strict.Member[S]{
		strict.Bind("rpm", func(s *S) *int64 { return &at(s).RPM }, strict.Int[int64](1, 100_000_000)).Absent("no bound").
			Doc("Requests per minute. All of them may come at once; then they come back evenly.").
			Example(`rpm: 100`),
		strict.Bind("tpm", func(s *S) *int64 { return &at(s).TPM }, strict.Int[int64](1, 100_000_000)).Absent("no bound").
			Doc("Tokens per minute, of input and output together, as providers count them. A request is held to an estimate first, and to what it really took afterwards.").
			Example(`tpm: 100000`),
		strict.Bind("usd_per_day", func(s *S) *Nano { return &at(s).USDPerDay }, dollars).Absent("no bound").
			Doc("USD per calendar day.").
			Example(`usd_per_day: 1.00`),
		strict.Bind("usd_per_month", func(s *S) *Nano { return &at(s).USDPerMonth }, dollars).Absent("no bound").
			Doc("USD per calendar month.").
			Example(`usd_per_month: 20`),
		strict.Bind("mode", func(s *S) *QuotaMode { return &at(s).Mode }, strict.Enum(QuotaEnforce, QuotaShadow)).Default(QuotaEnforce).
			Doc("What happens beyond a bound: enforce refuses, shadow only counts what it would refuse.").
			Example(`mode: shadow`),
	}
}

// Tier is a class of callers: what each may consume, and what looks at the content of its
// exchanges beside what looks at those of all.
type Tier struct {
	Quota
	Guards Guards
}

var tier = strict.NewObject(append(
	quotaFields(func(t *Tier) *Quota { return &t.Quota }),
	strict.Bind("guards", func(t *Tier) *Guards { return &t.Guards }, guards).Absent("those for all").
		Doc("Guards of the exchanges of its callers, after those for all and those of the model.").
		Example(`guards: {input: [{pii: {action: deny}}]}`),
)...)

func namedQuotas() strict.Value[map[string]*Quota] {
	return strict.Map(labelName, labelRule, quota).Named(func(q *Quota) *string { return &q.Name })
}

// labelName is a name of a tier, a team, a feature or a tag.
var labelName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.:@/-]{0,126}[A-Za-z0-9])?$`)

const labelRule = "a name is 1 to 128 letters, digits and _.:@/-, a letter or digit at both ends"

// CheckLabel returns what is wrong with a name of a caller, a user, a team, a tier or a tag.
func CheckLabel(name string) error {
	if !labelName.MatchString(name) {
		return errors.New(labelRule)
	}
	return nil
}

var quotaSection = section{
	fields: []strict.Member[document]{
		strict.Bind("tiers", func(d *document) *map[string]*Tier { return &d.Tiers },
			strict.Map(labelName, labelRule, tier).Named(func(t *Tier) *string { return &t.Name })).
			Doc("What each caller of a tier may consume, by the tier's name: each has the whole of it. The keys of one user share it, in each team that they are of.").
			Example(`tiers: {free: {rpm: 10, tpm: 10000, usd_per_day: 0.10}}`),
		strict.Bind("teams", func(d *document) *map[string]*Quota { return &d.Teams }, namedQuotas()).
			Doc("What the callers of a team may consume together, by the team's name.").
			Example(`teams: {search: {usd_per_month: 500}}`),
		strict.Bind("features", func(d *document) *map[string]*Quota { return &d.Features }, namedQuotas()).
			Doc("What the requests for a feature may consume, by its name, for each team by itself, and for each caller without one.").
			Example(`features: {summaries: {rpm: 600}}`),
		strict.Bind("timezone", func(d *document) *string { return &d.Timezone }, strict.Form(readZone, func(name string) string { return name })).Default("UTC").
			Doc("Time zone in which the days and months of budgets begin, by its IANA name.").
			Example(`timezone: Europe/Berlin`),
	},
}

func readZone(r *strict.Reader, at strict.Place, text string) (string, bool) {
	if _, err := time.LoadLocation(text); err != nil || text == "" || text == "Local" {
		r.Fault(at, "such as Europe/Berlin", "must be a time zone by its IANA name, is %s", strict.Quote(text))
		return "", false
	}
	return text, true
}

// dollars is an amount of money that a budget may have.
var dollars = strict.Decimal("0.000001", strconv.Itoa(maxDollars), "an amount in USD", parseDollars, Nano.dollars)

const (
	maxDollars   = 1_000_000
	dollarPlaces = 6
)

func parseDollars(text string) (Nano, error) {
	whole, part, pointed := strings.Cut(text, ".")
	if !decimalDigits.MatchString(whole) || pointed && !decimalDigits.MatchString(part) {
		return 0, fmt.Errorf("must be a plain decimal in USD, such as 0.10, is %s", strict.Quote(text))
	}
	part = strings.TrimRight(part, "0")
	if len(part) > dollarPlaces {
		return 0, fmt.Errorf("must have at most %d decimal places, is %s", dollarPlaces, strict.Quote(text))
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", dollarPlaces-len(part)), 10, 64)
	if err != nil || n < 1 || n > maxDollars*1_000_000 {
		return 0, fmt.Errorf("must be from 0.000001 to %d USD, is %s", maxDollars, strict.Quote(text))
	}
	return Nano(n * 1000), nil
}

var decimalDigits = regexp.MustCompile(`^[0-9]{1,18}$`)

// dollars writes an amount with as few places as it needs.
func (n Nano) dollars() string {
	text := fmt.Sprintf("%d.%09d", n/1e9, n%1e9)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
