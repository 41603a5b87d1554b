package health

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/headgate/headgate/policy"
)

// Author is who lays what a Prober drains.
const Author = "health"

// want is a backend that models want to be checked.
type want struct {
	backend  *policy.Backend
	probe    policy.Probe
	interval time.Duration // the shortest that a model asks for
	models   []string      // that ask for it, sorted
	others   bool          // other models use it, too
}

// wanted are the backends that are to be checked, by name.
type wanted map[string]*want

// wantedBy returns what the models of a policy want to be checked. What the gateway itself
// answers has no outage of its own.
func wantedBy(set *policy.Set) wanted {
	all := wanted{}
	for _, name := range slices.Sorted(maps.Keys(set.Models)) {
		m := set.Models[name]
		for _, u := range m.Uses() {
			if m.Health.Interval > 0 && u.Backend.URL != nil {
				all.add(u.Backend, m)
			}
		}
	}
	for _, m := range set.Models {
		for _, u := range m.Uses() {
			if w := all[u.Backend.Name]; w != nil && m.Health.Interval == 0 {
				w.others = true
			}
		}
	}
	return all
}

func (all wanted) add(b *policy.Backend, m *policy.Model) {
	w := all[b.Name]
	if w == nil {
		w = &want{backend: b, probe: m.Health.Probe, interval: m.Health.Interval}
		all[b.Name] = w
	}
	w.interval = min(w.interval, m.Health.Interval)
	if m.Health.Probe == policy.ProbeModels {
		w.probe = policy.ProbeModels
	}
	if !slices.Contains(w.models, m.Name) {
		w.models = append(w.models, m.Name)
	}
}

// drained is the overlay that drains what is out: from the models that want it checked. It
// is empty if nothing answers, because then it is this process that is cut off.
func (all wanted) drained(targets map[string]*target) (o policy.Overlay) {
	if !all.someAnswer(targets) {
		return o
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if t := targets[name]; t.down {
			o.Drained = append(o.Drained, all[name].entries(t)...)
		}
	}
	return o
}

// someAnswer reports whether the latest check of a backend succeeded.
func (all wanted) someAnswer(targets map[string]*target) bool {
	for name := range all {
		if targets[name].failures == 0 {
			return true
		}
	}
	return false
}

func (w *want) entries(t *target) (entries []policy.Drained) {
	laid := policy.Laid{Author: Author, Reason: t.why, Since: t.out.UTC()}
	if !w.others {
		return []policy.Drained{{Backend: w.backend.Name, Laid: laid}}
	}
	for _, model := range w.models {
		entries = append(entries, policy.Drained{Backend: w.backend.Name, Model: model, Laid: laid})
	}
	return entries
}

// same reports whether a target is what is wanted: then what is known of it stays.
func (t *target) same(w *want) bool {
	return t.probe == w.probe && t.interval == w.interval && reflect.DeepEqual(t.backend, w.backend)
}
