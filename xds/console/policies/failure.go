package policies

import (
	"errors"
	"net/http"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
)

// The kinds of failures of these routes.
var (
	UnknownRevision = &console.Kind{Code: "unknown_revision", Status: http.StatusNotFound, When: "the history does not hold the revision"}
	Conflict        = &console.Kind{Code: "conflict", Status: http.StatusConflict, When: "another revision is in effect: `expected` and `in_effect` stand beside the error"}
	Invalid         = &console.Kind{Code: "invalid_policy", Status: http.StatusUnprocessableEntity, When: "the policy has faults: `faults: [{file, line, col, path, message, hint}]` are all of them"}
	InvalidOverlay  = &console.Kind{Code: "invalid_overlay", Status: http.StatusUnprocessableEntity, When: "the document in effect has no place for it, or nothing is there to take back: `faults: [{path, message, hint}]` are all of them"}
	Unfit           = &console.Kind{Code: "unfit_policy", Status: http.StatusUnprocessableEntity, When: "the policy has no faults but cannot be in effect here, for example because a credential is missing"}
)

// failure classifies an error of a Source. What it does not know stays as it is.
func failure(err error) error {
	var faults *policy.Faults
	var overlay *source.OverlayError
	var unfit *source.ApplyError
	switch {
	case errors.As(err, &overlay):
		return withFaults(InvalidOverlay.New("the overlay has faults"), overlay.Faults)
	case errors.As(err, &faults):
		return withFaults(Invalid.New("the policy has faults"), faults)
	case errors.As(err, &unfit):
		return Unfit.New("%v", err)
	case errors.Is(err, source.ErrIncomplete):
		return console.BadRequest.New("%v", err)
	case errors.Is(err, source.ErrConflict):
		return Conflict.New("%v", err)
	case errors.Is(err, source.ErrUnknownRevision):
		return UnknownRevision.New("%v", err)
	}
	return err
}

func withFaults(f *console.Failure, faults *policy.Faults) *console.Failure {
	for _, fault := range faults.Faults {
		f.Faults = append(f.Faults, console.Fault(fault))
	}
	return f
}

// conflict adds both revisions to a Conflict.
func (a api) conflict(err error, expected string) error {
	var f *console.Failure
	if errors.As(err, &f) && errors.Is(f, Conflict) {
		f.Expected, f.InEffect = expected, a.source.Current().Revision
	}
	return err
}
