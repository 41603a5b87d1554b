package texts

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// OfAnswer returns the texts of a whole answer.
func OfAnswer(resp *exchange.Response, answer *canon.Response) []Item {
	c := collector{body: resp.Body, answer: true}
	for i := range answer.Choices {
		from, choice := len(c.items), &answer.Choices[i]
		for j := range choice.Parts {
			c.part(&choice.Parts[j], "assistant")
		}
		c.members(choice.Message, "assistant", canon.Place{Message: int32(i), Item: -1})
		for _, v := range choice.Again {
			c.again(v, canon.Place{Message: int32(i), Item: -1, List: canon.InReasoning})
		}
		for j := range c.items[from:] {
			c.items[from+j].Choice = choice.Index
		}
	}
	return c.items
}

// Edits are the changes of a body that the changes of its texts come to. The log probabilities of
// an answer say its text again, token by token: with a changed text they go.
func Edits(items []Item, answer *canon.Response) []exchange.Edit {
	var all []exchange.Edit
	for i := range items {
		if items[i].edited {
			all = append(all, items[i].Edit())
		}
	}
	if len(all) == 0 || answer == nil {
		return all
	}
	for i := range answer.Choices {
		if answer.Choices[i].Logprobs != nil {
			all = append(all, exchange.Edit{Text: answer.Choices[i].Logprobs, Raw: []byte("null")})
		}
		for _, p := range answer.Choices[i].Parts {
			for _, m := range p.Extra {
				if string(m.Name) == logprobs && !canon.Void(m.Value) {
					all = append(all, exchange.Edit{Text: m.Value, Raw: []byte("[]")})
				}
			}
		}
	}
	return all
}

// logprobs is the member of a part that says its text again, token by token.
const logprobs = "logprobs"
