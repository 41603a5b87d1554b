// Package ads serves sets of resources over delta ADS, to each client the set that
// its owner gives it, and knows which versions the client has accepted or refused.
//
// The promise: a client is only sent what differs from what it has, in the order
// in which Envoy needs it, and a refused version is not sent again.
// The trap: a type that did not change is not sent, and so not acknowledged. Whether a
// client has a set is found by comparing versions, not by counting acknowledgements.
package ads

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Set is one consistent set of resources, by type URL. Once it was given to a Hub it must
// not be changed.
type Set map[string]*Resources

// Resources are all resources of one type.
type Resources struct {
	Version    string // of them all; equal content has equal versions
	Items      map[string]Resource
	keep       map[string]struct{} // by name: a client that has it keeps it
	keepOthers bool                // a client keeps all that it has beside Items
}

// Resource is one resource, encoded once for all clients.
type Resource struct {
	Version string
	Value   *anypb.Any
}

// Encode makes the resources of one type from messages by name.
func Encode[M proto.Message](messages map[string]M, salt string) (*Resources, error) {
	items := make(map[string]Resource, len(messages))
	for name, m := range messages {
		item, err := EncodeOne(m, salt)
		if err != nil {
			return nil, fmt.Errorf("resource %q: %w", name, err)
		}
		items[name] = item
	}
	return Of(items), nil
}

// EncodeOne makes one resource. Its version is a hash of the content and of the salt:
// with another salt a refused resource is sent again.
func EncodeOne(m proto.Message, salt string) (Resource, error) {
	value := &anypb.Any{}
	if err := anypb.MarshalFrom(value, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		return Resource{}, fmt.Errorf("encoding: %w", err)
	}
	h := sha256.New()
	h.Write(value.Value)
	h.Write([]byte(salt))
	return Resource{Version: hex.EncodeToString(h.Sum(nil)[:8]), Value: value}, nil
}

// Of makes the resources of one type from resources that have versions.
func Of(items map[string]Resource) *Resources {
	return &Resources{Version: versionOf(items, nil), Items: items}
}

// Keeping returns the resources, and beside them names of others that are not removed
// from a client which has them, and not sent to one which has not.
func (r *Resources) Keeping(names iter.Seq[string]) *Resources {
	keep := map[string]struct{}{}
	for name := range names {
		if _, sent := r.Items[name]; !sent {
			keep[name] = struct{}{}
		}
	}
	return &Resources{Version: versionOf(r.Items, keep), Items: r.Items, keep: keep}
}

// WithoutRemovals returns the resources in the form for a client that may still need
// what else it has: nothing is removed from it until it is given the resources themselves.
func (r *Resources) WithoutRemovals() *Resources {
	return &Resources{Version: r.Version, Items: r.Items, keepOthers: true}
}

// versionOf hashes names and versions of items, and the names that are kept: a client
// that was sent no more than the items has another version than one that keeps others.
func versionOf(items map[string]Resource, keep map[string]struct{}) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(items)) {
		fmt.Fprintf(h, "%q %s\n", name, items[name].Version)
	}
	for _, name := range slices.Sorted(maps.Keys(keep)) {
		fmt.Fprintf(h, "%q kept\n", name)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// With returns the set with the resources of one type replaced.
func (s Set) With(typ string, r *Resources) Set {
	out := maps.Clone(s)
	if out == nil {
		out = Set{}
	}
	out[typ] = r
	return out
}

// Without returns the set without one type.
func (s Set) Without(typ string) Set {
	out := maps.Clone(s)
	delete(out, typ)
	return out
}

// envoysOrder is the order in which Envoy must get types, so that nothing is named
// before it is there. Types that are not Envoy's go first.
var envoysOrder = []string{resourcev3.ClusterType, resourcev3.EndpointType, resourcev3.ListenerType, resourcev3.RouteType}

// types lists the type URLs of a set in the order in which they are sent.
func (s Set) types() []string {
	rank := func(typ string) int { return slices.Index(envoysOrder, typ) }
	return slices.SortedFunc(maps.Keys(s), func(a, b string) int {
		if rank(a) != rank(b) {
			return rank(a) - rank(b)
		}
		return strings.Compare(a, b)
	})
}

// diff is what must be sent to a client that has these versions by name, and what it has
// after that. Names limits it to those; nil: all.
func (r *Resources) diff(versions map[string]string, names map[string]struct{}) (changed []*discoveryv3.Resource, removed []string, next map[string]string) {
	next = make(map[string]string, len(r.Items))
	for name, item := range r.Items {
		if _, wanted := names[name]; names != nil && !wanted {
			continue
		}
		next[name] = item.Version
		if had, has := versions[name]; !has || had != item.Version {
			changed = append(changed, &discoveryv3.Resource{Name: name, Version: item.Version, Resource: item.Value})
		}
	}
	for name, had := range versions {
		if _, stays := next[name]; stays {
			continue
		}
		if _, kept := r.keep[name]; kept || r.keepOthers {
			next[name] = had
		} else {
			removed = append(removed, name)
		}
	}
	slices.SortFunc(changed, func(a, b *discoveryv3.Resource) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(removed)
	return changed, removed, next
}
