package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/DataDog/sketches-go/ddsketch"
)

// accuracy is how far a percentile of a sketch may be off, relative to itself.
const accuracy = 0.01

// group is what rows of one hour are summed by.
type group struct {
	hour                                                                                  int64 // since 1970, in UTC
	user, team, feature, model, provider, backend, prompt, promptVersion, experiment, arm string
}

// dimensions are the columns of a group, after its hour.
var dimensions = []string{"username", "team", "feature", "model", "provider", "backend", "prompt", "prompt_version", "experiment", "arm"}

func (g *group) values() []any {
	return []any{g.hour, g.user, g.team, g.feature, g.model, g.provider, g.backend, g.prompt, g.promptVersion, g.experiment, g.arm}
}

// sums are the columns of a rollup that add up.
var sums = []string{"requests", "failed_client", "failed_gateway", "failed_provider", "failed_unknown",
	"input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_input", "output", "reasoning", "audio_output",
	"searches", "cost", "saved", "unpriced", "estimated", "estimated_cost"}

// rollup is what the rows of a group add.
type rollup struct {
	sums            [19]int64
	first, duration *ddsketch.DDSketch // in seconds
}

func newRollup() *rollup { return &rollup{first: newSketch(), duration: newSketch()} }

func newSketch() *ddsketch.DDSketch {
	s, err := ddsketch.NewDefaultDDSketch(accuracy)
	if err != nil {
		panic("journal: " + err.Error()) // the accuracy is a constant
	}
	return s
}

// rollups sums rows by group.
func rollups(entries []entry) map[group]*rollup {
	all := map[group]*rollup{}
	for i := range entries {
		e := &entries[i]
		g := group{
			hour: began(e.Row).Unix() / 3600, user: e.User, team: e.Team, feature: e.Feature,
			model: e.Route, provider: e.provider, backend: e.backend,
		}
		r := all[g]
		if r == nil {
			r = newRollup()
			all[g] = r
		}
		r.add(e)
	}
	return all
}

// add adds a row. An attempt adds what it cost, and no request.
func (r *rollup) add(e *entry) {
	calls, failed := int64(0), map[string]int64{}
	if e.kind == Call {
		calls, failed[e.By] = 1, 1
		r.latency(e)
	}
	t, cost := e.tokens, int64(0)
	if e.cost != nil {
		cost = *e.cost
	}
	estimated := int64(number(e.usageSource == "estimated"))
	for i, n := range []int64{calls, failed["client"], failed["gateway"], failed["provider"], failed["unknown"],
		t.GetInput(), t.GetCacheRead(), t.GetCacheWrite_5M(), t.GetCacheWrite_1H(), t.GetAudioInput(), t.GetOutput(), t.GetReasoning(), t.GetAudioOutput(),
		e.searches(), cost, 0, int64(number(e.unpriced)), estimated, estimated * cost} {
		r.sums[i] += n
	}
}

func (r *rollup) latency(e *entry) {
	_ = r.duration.Add(float64(e.DurationNanos) / 1e9) // never negative
	if e.FirstTokenNanos != nil {
		_ = r.first.Add(float64(*e.FirstTokenNanos) / 1e9)
	}
}

// merge adds what is stored of a group.
func (r *rollup) merge(first, duration []byte) error {
	for _, s := range []struct {
		to   *ddsketch.DDSketch
		data []byte
	}{{r.first, first}, {r.duration, duration}} {
		if err := s.to.DecodeAndMergeWith(s.data); err != nil {
			return fmt.Errorf("a sketch of the rollups: %w", err)
		}
	}
	return nil
}

func encoded(s *ddsketch.DDSketch) []byte {
	var b []byte
	s.Encode(&b, false)
	return b
}

// addUp adds rollups to those in the database.
func (j *Journal) addUp(ctx context.Context, tx *sql.Tx, texts *statements, all map[group]*rollup) error {
	for g, r := range all {
		if err := j.addUpOne(ctx, tx, texts, &g, r); err != nil {
			return err
		}
	}
	return nil
}

func (j *Journal) addUpOne(ctx context.Context, tx *sql.Tx, texts *statements, g *group, r *rollup) error {
	var first, duration []byte
	err := tx.QueryRowContext(ctx, texts.lookUp, g.values()...).Scan(&first, &duration)
	if err == nil {
		err = r.merge(first, duration)
	} else if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err != nil {
		return err
	}
	args := g.values()
	for _, n := range r.sums {
		args = append(args, n)
	}
	_, err = tx.ExecContext(ctx, texts.add, append(args, encoded(r.first), encoded(r.duration))...)
	return err
}

// keyText is the condition that names a group.
func keyText() string { return "hour = ? AND " + strings.Join(dimensions, " = ? AND ") + " = ?" }

// addText adds to a group, or begins it.
func addText() string {
	names := append(append([]string{"hour"}, dimensions...), sums...)
	names = append(names, "first_token", "duration")
	set := make([]string, 0, len(sums)+2)
	for _, s := range sums {
		set = append(set, s+" = rollup."+s+" + excluded."+s)
	}
	set = append(set, "first_token = excluded.first_token", "duration = excluded.duration")
	return "INSERT INTO rollup (" + strings.Join(names, ", ") + ") VALUES (" + places(len(names)) + ") ON CONFLICT (hour, " +
		strings.Join(dimensions, ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// places are n parameters.
func places(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
