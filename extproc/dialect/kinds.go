package dialect

import (
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/dialect/responses"
)

// All are the dialects.
var All = []Dialect{
	openai.Dialect{},
	anthropic.Dialect{},
	responses.Dialect{},
}

// ByName returns the dialect of this name, or nil.
func ByName(name string) Dialect {
	for _, d := range All {
		if d.Name() == name {
			return d
		}
	}
	return nil
}
