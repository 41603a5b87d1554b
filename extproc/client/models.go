package client

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
)

// What Anthropic's API takes as the limit of a page, and without one. OpenAI's lists have one page.
const (
	usualPage = 20
	maxPage   = 1000
)

// readListing reads which models are asked about: one, by what stands for it in the path, where a
// slash may be escaped or not, or a page of all. A denial says what is wrong with the page.
func readListing(req *exchange.Request, dialect, id string) exchange.Verdict {
	if plain, err := url.PathUnescape(id); err == nil {
		id = plain
	}
	req.Model = id
	if id != "" || dialect != "anthropic" {
		return exchange.Verdict{}
	}
	_, query, _ := strings.Cut(string(req.Headers.Get(":path")), "?")
	asked, _ := url.ParseQuery(query) // what cannot be read of it asks for nothing
	req.Page = exchange.Page{Limit: usualPage, After: asked.Get("after_id"), Before: asked.Get("before_id")}
	if req.Page.After != "" && req.Page.Before != "" {
		return badPage("before_id", "after_id and before_id cannot be given together.")
	}
	if text := asked.Get("limit"); text != "" {
		var err error
		if req.Page.Limit, err = strconv.Atoi(text); err != nil || req.Page.Limit < 1 || req.Page.Limit > maxPage {
			return badPage("limit", "limit must be a whole number from 1 to 1000.")
		}
	}
	return exchange.Verdict{}
}

func badPage(param, message string) exchange.Verdict {
	v := exchange.Denied(400, exchange.ReasonBadRequest, message)
	v.Param = param
	return v
}
