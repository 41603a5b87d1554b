package console

import (
	"net/http"

	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
)

// Status is what the control plane knows at one moment.
type Status struct {
	Policy  source.Change     `json:"policy"`  // in effect, without its files
	Refused *source.Refusal   `json:"refused"` // the latest change that was not taken; null: none since
	Groups  []xds.GroupStatus `json:"groups"`
	Pairs   []xds.PairStatus  `json:"pairs"`
}

func (a *api) status(http.ResponseWriter, *http.Request) (any, error) {
	fleet := a.Fleet()
	return Status{
		Policy: withoutFiles(a.Policies.Current()), Refused: a.Policies.Refused(),
		Groups: append([]xds.GroupStatus{}, fleet.Groups...),
		Pairs:  append([]xds.PairStatus{}, fleet.Pairs...),
	}, nil
}
