package adminkeys

import "github.com/headgate/headgate/xds/console"

// Prefix is what the routes are mounted under.
const Prefix = "admin-keys"

// Own is what a key may do that somebody asks with.
type Own struct {
	ID     string          `json:"id,omitempty"`
	Name   string          `json:"name,omitempty"`
	Rights []console.Right `json:"rights"`
}

// Routes says which key asks.
func Routes() []console.Route {
	return []console.Route{
		{Method: "GET", Path: "/own", Right: console.Read, Handle: own,
			Answer: "`{id, name, rights}` of the key that asks"},
	}
}

func own(c *console.Call) (any, error) { return Own{c.By.Key, c.By.Name, c.By.Rights}, nil }
