package ads

import (
	"maps"
	"slices"

	"github.com/headgate/headgate/policy/policypb"
)

// Bundle is a set in one message. The same set gives the same message.
func (s Set) Bundle() *policypb.Bundle {
	out := &policypb.Bundle{}
	for _, typ := range slices.Sorted(maps.Keys(s)) {
		items := s[typ].Items
		for _, name := range slices.Sorted(maps.Keys(items)) {
			out.Resources = append(out.Resources, &policypb.Resource{Name: name, Version: items[name].Version, Value: items[name].Value})
		}
	}
	return out
}

// SetOf is the set that a bundle was made of.
func SetOf(b *policypb.Bundle) Set {
	byType := map[string]map[string]Resource{}
	for _, r := range b.GetResources() {
		typ := r.GetValue().GetTypeUrl()
		if byType[typ] == nil {
			byType[typ] = map[string]Resource{}
		}
		byType[typ][r.GetName()] = Resource{Version: r.GetVersion(), Value: r.GetValue()}
	}
	set := Set{}
	for typ, items := range byType {
		set[typ] = Of(items)
	}
	return set
}
