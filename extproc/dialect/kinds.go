package dialect

import (
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

// All are the dialects.
var All = []Dialect{
	openai.Dialect{},
	anthropic.Dialect{},
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
