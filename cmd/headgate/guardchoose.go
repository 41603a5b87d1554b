package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/guard/detector"
	"github.com/headgate/headgate/extproc/guard/tryout"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

// placedGuard is a guard of a policy, and where it stands.
type placedGuard struct {
	place  string
	entry  policy.Guard
	output bool
}

func (g *placedGuard) name() string {
	_, rule := g.entry.Rule()
	return rule.Terms().Name
}

// placedGuards are all guards of a policy, those for all traffic first.
func placedGuards(set *policy.Set) (all []placedGuard) {
	add := func(place string, g *policy.Guards) {
		for i := range g.Input {
			all = append(all, placedGuard{fmt.Sprintf("%s.input[%d]", place, i), g.Input[i], false})
		}
		for i := range g.Output {
			all = append(all, placedGuard{fmt.Sprintf("%s.output[%d]", place, i), g.Output[i], true})
		}
	}
	add("guards", &set.Guards)
	for _, name := range slices.Sorted(maps.Keys(set.Models)) {
		add("models."+name+".guards", &set.Models[name].Guards)
	}
	for _, name := range slices.Sorted(maps.Keys(set.Tiers)) {
		add("tiers."+name+".guards", &set.Tiers[name].Guards)
	}
	for _, name := range slices.Sorted(maps.Keys(set.Callers)) {
		add("callers."+name+".guards", &set.Callers[name].Guards)
	}
	return all
}

// usualGuards are a guard of a kind as a policy has it that says no more than its kind: of requests,
// or else of answers.
func usualGuards(kind string) ([]placedGuard, error) {
	if !slices.Contains(policy.GuardKinds(), kind) {
		return nil, fmt.Errorf("there is no kind of guard %q: there are %s; the guard of a policy needs -f", kind, strings.Join(policy.GuardKinds(), ", "))
	}
	var fault error
	for _, way := range []string{"input", "output"} {
		set, err := policy.Parse("guard", fmt.Appendf(nil, "version: 1\nunpriced: flag\nbackends: {b: {provider: openai, credential: {env: NONE}}}\nmodels: {m: b/x}\nguards: {%s: [{%s: {}}]}\n", way, kind))
		if err == nil {
			guards := placedGuards(set)
			guards[0].place = "defaults"
			return guards, nil
		}
		if fault == nil {
			fault = err
		}
	}
	return nil, fmt.Errorf("a guard of kind %s needs a policy, with -f: %s", kind, withoutPlaces(fault))
}

// withoutPlaces says what is at fault in a policy that nobody has written.
func withoutPlaces(err error) string {
	var faults *policy.Faults
	if !errors.As(err, &faults) {
		return err.Error()
	}
	var all []string
	for _, f := range faults.Faults {
		all = append(all, f.Message)
	}
	return strings.Join(all, "; ")
}

// chooseGuards finds guards by their name in a policy, or without one by their kind; name may be
// empty: all.
func chooseGuards(ctx context.Context, path, name string) ([]placedGuard, error) {
	if path == "" {
		return usualGuards(name)
	}
	set, err := source.LoadOnce(ctx, path)
	if err != nil {
		return nil, failed(err)
	}
	all := placedGuards(set)
	names := make([]string, 0, len(all))
	for i := range all {
		names = append(names, all[i].name())
	}
	if name != "" {
		all = slices.DeleteFunc(all, func(g placedGuard) bool { return g.name() != name })
	}
	if len(all) > 0 {
		return all, nil
	}
	if len(names) == 0 {
		return nil, &exitError{exitFault, fmt.Errorf("%s has no guards", path)}
	}
	slices.Sort(names)
	return nil, &exitError{exitFault, fmt.Errorf("%s has no guard %q: there are %s", path, name, strings.Join(slices.Compact(names), ", "))}
}

// guardOptions are what guards need that work without a gateway. Their detectors must be closed.
func guardOptions() *guard.Options {
	reg := prometheus.NewRegistry()
	return &guard.Options{Reg: reg, LookupEnv: os.LookupEnv, Detectors: detector.NewShared(reg, detector.Memory)}
}

// tryoutOf makes a guard work. Its mode does not count: it is tried.
func tryoutOf(g *placedGuard, o *guard.Options) (*tryout.Guard, error) {
	made, err := guard.New(&g.entry, o)
	if err != nil {
		return nil, &exitError{exitFault, fmt.Errorf("%s: guard %s: %w", g.place, g.name(), err)}
	}
	t := &tryout.Guard{Guard: made, Output: g.output}
	if err := t.Unfit(); err != nil {
		return nil, &exitError{exitFault, &unfitError{err}}
	}
	return t, nil
}

// unfitError says why a guard is not tried although nothing is wrong with it.
type unfitError struct{ error }
