package extproc

import (
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	alsdatav3 "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
)

// AccessLog receives Envoy's entries for exchanges that did not end cleanly and
// hands them to whoever closes rows. It is safe for concurrent use. Entries may
// be lost; nothing may depend on one.
type AccessLog struct {
	accesslogv3.UnimplementedAccessLogServiceServer
	take        func(record.Ending)
	generations *Generations  // nil: all exchanges are of this process
	stopped     chan struct{} // closed by Stop
	once        sync.Once
}

// NewAccessLog makes a receiver that hands endings to take.
func NewAccessLog(take func(record.Ending)) *AccessLog {
	return &AccessLog{take: take, stopped: make(chan struct{})}
}

// Among says which processes serve the socket before and after this one. It is called before
// streams come.
func (a *AccessLog) Among(g *Generations) { a.generations = g }

// Stop ends the log streams that are open: Envoy holds one for as long as it lives.
func (a *AccessLog) Stop() { a.once.Do(func() { close(a.stopped) }) }

// StreamAccessLogs serves one of Envoy's log streams until Envoy or Stop ends it.
func (a *AccessLog) StreamAccessLogs(stream accesslogv3.AccessLogService_StreamAccessLogsServer) error {
	ended := make(chan error, 1) // the reader ends with the stream's context, when this returns
	go func() { ended <- a.read(stream) }()
	select {
	case err := <-ended:
		return err
	case <-a.stopped:
		return status.Error(codes.Unavailable, "shutting down")
	}
}

func (a *AccessLog) read(stream accesslogv3.AccessLogService_StreamAccessLogsServer) error {
	for {
		msg, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&accesslogv3.StreamAccessLogsResponse{})
		}
		if status.Code(err) == codes.Canceled {
			return nil
		}
		if err != nil {
			return err
		}
		a.sort(msg.GetHttpLogs().GetLogEntry())
	}
}

// sort takes the entries of this process, and hands over those of others.
func (a *AccessLog) sort(entries []*alsdatav3.HTTPAccessLogEntry) {
	var others map[*grpc.ClientConn][]*alsdatav3.HTTPAccessLogEntry
	for _, e := range entries {
		generation := fieldsOf(e)[policy.GenerationKey].GetStringValue()
		if generation == "" { // it was never answered
			generation = a.generations.nameAt(e.GetCommonProperties().GetStartTime().AsTime())
		}
		if to := a.generations.to(generation); to != nil {
			if others == nil {
				others = map[*grpc.ClientConn][]*alsdatav3.HTTPAccessLogEntry{}
			}
			others[to] = append(others[to], e)
			continue
		}
		if generation == a.generations.name() {
			a.take(endingOf(e)) // that of a process which has ended is of no use: so are its rows
		}
	}
	for to, all := range others {
		go handOverEntries(to, all)
	}
}

// fieldsOf is what ext_proc has said of an exchange.
func fieldsOf(e *alsdatav3.HTTPAccessLogEntry) map[string]*structpb.Value {
	return e.GetCommonProperties().GetMetadata().GetFilterMetadata()[policy.MetadataNamespace].GetFields()
}

func endingOf(e *alsdatav3.HTTPAccessLogEntry) record.Ending {
	c, req := e.GetCommonProperties(), e.GetRequest()
	fields := fieldsOf(e)
	end := record.Ending{
		Request:      req.GetRequestId(),
		Seen:         fields[policy.DialectKey] != nil || fields[policy.RefusedKey] != nil,
		Asked:        c.GetTimeToLastUpstreamTxByte() != nil,
		Answered:     c.GetTimeToFirstUpstreamRxByte() != nil,
		Exchange:     fields[policy.ExchangeKey].GetStringValue(),
		Code:         int(e.GetResponse().GetResponseCode().GetValue()),
		Flags:        flagsOf(c.GetResponseFlags()),
		Details:      e.GetResponse().GetResponseCodeDetails(),
		Route:        c.GetRouteName(),
		AttemptCount: int(c.GetUpstreamRequestAttemptCount()),
		Received:     c.GetTimeToLastRxByte() != nil,
		RetryAfter:   retryAfterIn(e.GetResponse()),
	}
	if end.Silent() && end.Code < 400 { // a status of Envoy's own was sent just now
		end.Unread = unread(e)
	}
	if !end.Seen {
		asked := exchange.Request{Path: req.GetPath(), Method: req.GetRequestMethod().String()}
		asked.Path, _, _ = strings.Cut(asked.Path, "?")
		d, _ := client.Classify(&asked)
		end.Dialect, end.Operation = d.Name(), asked.Operation
		end.Asking = record.AskingOf(asked.Method, asked.Path, asked.Operation != "", headersIn(req))
		end.Began, end.Took, end.RequestBytes = c.GetStartTime().AsTime(), c.GetDuration().AsDuration(), int64(req.GetRequestBodyBytes())
	}
	return end
}

// headersIn are the headers of a request that Envoy logs.
func headersIn(req *alsdatav3.HTTPRequestProperties) exchange.Headers {
	h := exchange.Headers{{Name: "user-agent", Value: []byte(req.GetUserAgent())}}
	for name, value := range req.GetRequestHeaders() {
		h = append(h, exchange.Header{Name: name, Value: []byte(value)})
	}
	return h
}

// retryAfterIn is when the client of an answer that Envoy logs was asked to try again; 0: it was not.
func retryAfterIn(resp *alsdatav3.HTTPResponseProperties) time.Duration {
	said := resp.GetResponseHeaders()["retry-after"]
	if said == "" || resp.GetResponseCode().GetValue() < 400 {
		return 0
	}
	return exchange.RetryAfter(exchange.Headers{{Name: "retry-after", Value: []byte(said)}}, time.Now())
}

// flagsOf writes the flags that decide outcomes in Envoy's short form.
func flagsOf(f *alsdatav3.ResponseFlags) string {
	var set []string
	for _, flag := range []struct {
		on   bool
		name string
	}{
		{f.GetDownstreamConnectionTermination(), "DC"},
		{f.GetDownstreamProtocolError(), "DPE"},
		{f.GetNoHealthyUpstream(), "UH"},
		{f.GetUpstreamConnectionFailure(), "UF"},
		{f.GetUpstreamOverflow(), "UO"},
		{f.GetUpstreamRequestTimeout(), "UT"},
		{f.GetUpstreamRemoteReset(), "UR"},
		{f.GetUpstreamConnectionTermination(), "UC"},
		{f.GetUpstreamProtocolError(), "UPE"},
		{f.GetUpstreamRetryLimitExceeded(), "URX"},
		{f.GetStreamIdleTimeout(), "SI"},
		{f.GetDurationTimeout(), "DT"},
		{f.GetLocalReset(), "LR"},
		{f.GetNoRouteFound(), "NR"},
		{f.GetNoClusterFound(), "NC"},
		{f.GetRateLimitServiceError(), "RLSE"},
	} {
		if flag.on {
			set = append(set, flag.name)
		}
	}
	return strings.Join(set, ",")
}
