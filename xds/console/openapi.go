package console

import (
	_ "embed"
	"net/http"
)

// OpenAPI describes every route of the control plane for programs. It is served at
// Root+"openapi.yaml".
//
//go:embed openapi.yaml
var OpenAPI []byte

// describe serves OpenAPI to whoever may read.
func (c *Console) describe(w http.ResponseWriter, r *http.Request) {
	if _, err := c.allowed(r, Read); err != nil {
		refuse(w, failureOf(err))
		return
	}
	write(w, http.StatusOK, "application/yaml", OpenAPI)
}
