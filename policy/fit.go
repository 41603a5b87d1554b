package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/policy/quirk"
	"github.com/headgate/headgate/policy/trait"
)

// FitAny names, of a request, that every backend of its pool supports it.
const FitAny = "any"

// MaxClasses bounds the classes of one chain: an endpoint lists every set of
// classes that its own is in, which doubles with each further class. Of a chain with more,
// those beyond are one class, which supports what all of them do.
const MaxClasses = 6

// maxOwn is up to how many classes uses get one of their own that their servers and models do
// not ask for. A set of classes takes Envoy some 20 KiB in each pool: of four classes there
// are 14, of six 62.
const maxOwn = 4

// Fit sorts the uses of a chain into classes: those of one take the same requests, and are
// left out of a request together. A set of classes is a mask with bit i for class i.
type Fit struct {
	Classes int
	of      map[string]uint32 // class of a use, by its String
	prefix  string            // of the names of sets
}

// Class returns the class of a use of the chain.
func (f *Fit) Class(u Use) int { return int(f.of[u.String()]) }

// Name names the set of classes that support a request, as the router level writes
// it into Envoy's metadata under FitKey.
func (f *Fit) Name(mask int) string {
	if mask == 1<<f.Classes-1 {
		return FitAny
	}
	return f.prefix + strconv.Itoa(mask)
}

// Pin names the set that keeps a request to the uses of one backend of the chain, of the classes
// in a mask. Where these have uses of other backends, it is all of the backend's.
func (f *Fit) Pin(backend string, mask int) string {
	for use, class := range f.of {
		if of, _, _ := strings.Cut(use, "/"); of != backend && mask&(1<<class) != 0 {
			return pinPrefix + backend
		}
	}
	return f.Name(mask)
}

// own returns the classes of a backend's uses, as a mask.
func (f *Fit) own(backend string) (mask int) {
	for use, class := range f.of {
		if of, _, _ := strings.Cut(use, "/"); of == backend {
			mask |= 1 << class
		}
	}
	return mask
}

// pinPrefix begins the name of a set that is one backend of a class. No set of classes begins so.
const pinPrefix = "b/"

// names appends the names of the sets that the class of a use belongs to, but for FitAny.
func (f *Fit) names(to []string, u Use) []string {
	own := f.Class(u)
	for mask := 1; mask < 1<<f.Classes-1; mask++ {
		if mask&(1<<own) != 0 {
			to = append(to, f.Name(mask))
		}
	}
	return to
}

// Fit returns the classes that requests of a model go by: what Classes says, and else their
// servers alone.
func (m *Model) Fit() Fit {
	if m.Classes == nil {
		return m.fitByServer()
	}
	return fitOf(m.Classes, "m")
}

func (m *Model) fitByServer() Fit {
	return fitOf(classesOf(m.Uses(), serverOf), "c")
}

func fitOf(of map[string]uint32, prefix string) Fit {
	f := Fit{of: of, prefix: prefix}
	for _, class := range of {
		f.Classes = max(f.Classes, int(class)+1)
	}
	return f
}

// FitNames names the sets that an endpoint of a use belongs to. A pair of a
// release that knows no Classes goes by the servers.
func (m *Model) FitNames(u Use) []string {
	names := []string{FitAny}
	servers := m.fitByServer()
	names = servers.names(names, u)
	fit := m.Fit()
	if m.Classes != nil {
		names = fit.names(names, u)
	}
	if pin := fit.Pin(u.Backend.Name, fit.own(u.Backend.Name)); strings.HasPrefix(pin, pinPrefix) {
		names = append(names, pin)
	}
	return names
}

// server is what decides, of a server, which requests it takes.
type server struct {
	dialect    string
	quirks     quirk.Set
	fromCaller bool // those with a credential alone
}

func serverOf(u Use) server {
	return server{u.Backend.Dialect, u.Backend.Provider.Quirks.Support(), u.Backend.FromCaller}
}

// classesOf sorts uses by what distinguishes them, in their order.
func classesOf[K comparable](uses []Use, key func(Use) K) map[string]uint32 {
	of := make(map[string]uint32, len(uses))
	var all []K
	for _, u := range uses {
		i := slices.Index(all, key(u))
		if i < 0 && len(all) < MaxClasses {
			all = append(all, key(u))
		}
		if i < 0 {
			i = len(all) - 1
		}
		of[u.String()] = uint32(i)
	}
	return of
}

// part gives uses a class of their own, in their order, as long as there may be more.
func part(uses []Use, of map[string]uint32) map[string]uint32 {
	var shared [MaxClasses]int
	classes := 0
	for _, class := range of {
		shared[class]++
		classes = max(classes, int(class)+1)
	}
	own := make(map[string]uint32, len(of))
	for _, u := range uses {
		name := u.String()
		if _, known := own[name]; !known && shared[of[name]] > 1 && classes < maxOwn {
			shared[of[name]]--
			own[name] = uint32(MaxClasses + classes) // apart from all that is there
			classes++
		} else if !known {
			own[name] = of[name]
		}
	}
	return classesOf(uses, func(u Use) uint32 { return own[u.String()] })
}

// noteClasses notes the classes of chains in which uses of one server differ: first in what
// their models take, and then, because one may have to be left alone and the other not, in
// being two.
func (s *Set) noteClasses() {
	type taker struct {
		server    server
		responses bool
		lacks     trait.Set
	}
	for _, m := range s.Models {
		of := classesOf(m.Uses(), func(u Use) taker {
			takes := s.Takes(u)
			return taker{serverOf(u), u.Backend.Responses, takes.Support()}
		})
		m.Classes = nil
		of = part(m.Uses(), of)
		if servers := m.fitByServer(); fitOf(of, "").Classes != servers.Classes {
			m.Classes = of
		}
	}
}

// shape returns the shape of a policy without an overlay.
func (s *Set) shape() string {
	if s.weighted() || s.Store != (Store{}) || s.Journal != defaultJournal {
		return s.shapeWith(digest(s.routed().Canonical()))
	}
	return s.shapeWith(s.Revision)
}

// shapeWith returns the shape of a policy whose document has this one, with the classes
// that are no part of the document.
func (s *Set) shapeWith(shape string) string {
	b := []byte(shape)
	for _, name := range slices.Sorted(maps.Keys(s.Models)) {
		if of := s.Models[name].Classes; of != nil {
			b = fmt.Append(b, name, of) // maps are printed in order
		}
	}
	if len(b) == len(shape) {
		return shape
	}
	return digest(b)
}

// wireClasses are the classes that pairs are told, whose catalogue may be another's.
func (s *Set) wireClasses() map[string]*policypb.Classes {
	var all map[string]*policypb.Classes
	for name, m := range s.Models {
		if m.Classes != nil {
			if all == nil {
				all = make(map[string]*policypb.Classes)
			}
			all[name] = &policypb.Classes{Of: m.Classes}
		}
	}
	return all
}

// takeClasses takes the classes over that a control plane tells, as far as they are of the
// chains that it tells. It knows better than this pair.
func (s *Set) takeClasses(told map[string]*policypb.Classes) {
	for name, m := range s.Models {
		of := told[name].GetOf()
		known := func(u Use) bool { class, ok := of[u.String()]; return ok && class < MaxClasses }
		m.Classes = nil
		if len(of) > 0 && !slices.ContainsFunc(m.Uses(), func(u Use) bool { return !known(u) }) {
			m.Classes = maps.Clone(of)
		}
	}
}
