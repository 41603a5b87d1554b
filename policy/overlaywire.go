package policy

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/headgate/headgate/policy/policypb"
)

// wire returns the overlay as pairs are told of it; nil: nothing is laid over the
// document of this revision.
func (o Overlay) wire(document string) *policypb.Overlay {
	if o.IsZero() {
		return nil
	}
	out := &policypb.Overlay{Document: document}
	for _, e := range o.Simulated {
		p := e.Laid.wire()
		p.Kind = &policypb.OverlayEntry_Simulated{Simulated: &policypb.OverlaySimulated{Backend: e.Backend}}
		out.Entries = append(out.Entries, p)
	}
	for _, e := range o.Weights {
		p := e.Laid.wire()
		p.Kind = &policypb.OverlayEntry_Weights{Weights: &policypb.OverlayWeights{Model: e.Model, Link: uint32(e.Link), Uses: e.Uses}}
		out.Entries = append(out.Entries, p)
	}
	for _, e := range o.Drained {
		p := e.Laid.wire()
		p.Kind = &policypb.OverlayEntry_Drained{Drained: &policypb.OverlayDrained{Backend: e.Backend, Use: e.Use, Model: e.Model}}
		out.Entries = append(out.Entries, p)
	}
	return out
}

func (l Laid) wire() *policypb.OverlayEntry {
	p := &policypb.OverlayEntry{Author: l.Author, Reason: l.Reason}
	if !l.Since.IsZero() {
		p.Since = timestamppb.New(l.Since)
	}
	if !l.Expiry.IsZero() {
		p.Expiry = timestamppb.New(l.Expiry)
	}
	return p
}

// overlayFromWire passes over entries of kinds that this version does not know.
func overlayFromWire(p *policypb.Overlay) (o Overlay) {
	for _, e := range p.GetEntries() {
		laid := Laid{Author: e.GetAuthor(), Reason: e.GetReason(), Since: timeOf(e.GetSince()), Expiry: timeOf(e.GetExpiry())}
		switch k := e.GetKind().(type) {
		case *policypb.OverlayEntry_Simulated:
			o.Simulated = append(o.Simulated, Simulated{k.Simulated.GetBackend(), laid})
		case *policypb.OverlayEntry_Weights:
			o.Weights = append(o.Weights, Weights{k.Weights.GetModel(), int(k.Weights.GetLink()), k.Weights.GetUses(), laid})
		case *policypb.OverlayEntry_Drained:
			o.Drained = append(o.Drained, Drained{k.Drained.GetBackend(), k.Drained.GetUse(), k.Drained.GetModel(), laid})
		}
	}
	return o
}

func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
