package client

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// Refusal renders a denial as an error body of the client's dialect.
func Refusal(d dialect.Client, v *exchange.Verdict, exchangeID string) []byte {
	body, _ := d.EncodeFault(make([]byte, 0, 256+len(v.Message)), FaultOf(v, exchangeID))
	return body
}

// FaultOf is a denial as a fault of the gateway's own.
func FaultOf(v *exchange.Verdict, exchangeID string) *canon.Fault {
	return &canon.Fault{
		Kind: canon.KindOf(v.Status), Status: v.Status, Type: v.Type, Code: string(v.Reason), Message: v.Message, Param: v.Param,
		Exchange: exchangeID, RetryAfter: v.Retry,
	}
}

// Of is what the encoders of answers must know of an exchange's client.
func Of(ex *exchange.Exchange) canon.Client {
	c := canon.Client{Request: ex.Request.Decoded(), Own: !ex.Response.Translates, Model: ex.Request.Model, ID: ex.ID, Created: ex.Started.Unix(), Usage: ex.Request.WantUsage}
	if !c.Own {
		c.Asked, c.Said = ex.Request.Body, &ex.Response.TextBytes
	}
	return c
}

// Count renders how many tokens a request has; nil: the client's dialect cannot ask for that.
func Count(d dialect.Client, tokens int64) []byte {
	if c, ok := d.(dialect.Counter); ok {
		return c.AppendCount(nil, tokens)
	}
	return nil
}

// StreamType is the content type of the streams that are written here.
const StreamType = "text/event-stream; charset=utf-8"

// Whole renders an answer, such as that of a stage, as a JSON body or a whole stream, whichever the
// client asked for, and returns its content type.
func Whole(d dialect.Client, answer *canon.Response, ex *exchange.Exchange) (body []byte, contentType string) {
	c := Of(ex)
	if !ex.Request.Stream {
		return d.EncodeAnswer(nil, answer, c), "application/json"
	}
	c.Own = answer.Dialect == ex.Dialect
	e := d.Encoder(c)
	events := answer.Events()
	for i := range events {
		body = e.Append(body, &events[i])
	}
	return body, StreamType
}
