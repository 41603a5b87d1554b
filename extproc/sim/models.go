package sim

import (
	"net/http"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// commonModels are listed if Options names none.
var commonModels = []string{
	"claude-opus-5", "claude-sonnet-5", "claude-sonnet-4-20250514", "claude-haiku-4-5-20251001",
	"gpt-5.5", "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-4.1", "gpt-4o", "gpt-4o-mini",
	"text-embedding-3-small", "text-embedding-3-large",
}

// modelsPath is where all dialects list their models.
const modelsPath = "/v1/models"

// names returns the models that one dialect lists.
func (x *exchange) names() []string {
	if len(x.s.opt.Models) > 0 {
		return x.s.opt.Models
	}
	return slices.DeleteFunc(slices.Clone(commonModels), func(name string) bool {
		return !x.dialect.Offers(name)
	})
}

// listModels answers GET /v1/models.
func (x *exchange) listModels() {
	if !x.begin(&wire.Call{}, nil) {
		return
	}
	list, err := x.dialect.Models(x.names(), x.r.URL.Query())
	if err != nil {
		x.fail(err)
		return
	}
	x.reply(http.StatusOK, jsonType, list, Usage{})
}

// oneModel answers GET /v1/models/{id}.
func (x *exchange) oneModel() {
	c := &wire.Call{}
	c.SetModel(strings.TrimPrefix(x.r.URL.Path, modelsPath+"/"))
	if !x.begin(c, nil) {
		return
	}
	x.reply(http.StatusOK, jsonType, x.dialect.Model(c.Model), Usage{})
}
