package snapshot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/snapshot"
)

// parse compiles a policy document.
func parse(t *testing.T, document string) *policy.Set {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// bootstrapOf completes static resources to a bootstrap.
func bootstrapOf(t *testing.T, static *bootstrapv3.Bootstrap_StaticResources, socket string) []byte {
	t.Helper()
	static.Clusters = append(static.Clusters, envoy.ExtProcCluster(socket))
	out, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(&bootstrapv3.Bootstrap{Node: &corev3.Node{Id: "test", Cluster: "test"}, StaticResources: static})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// gateway is an Envoy that runs a policy, with the least ext_proc server that
// makes it forward: one that names the route.
type gateway struct {
	url   string
	envoy *envoytest.Envoy
}

// startGateway runs models on backends, as a policy has them.
func startGateway(t *testing.T, backends, models map[string]any) gateway {
	t.Helper()
	return startEdited(t, backends, models, strings.NewReplacer())
}

// startEdited is startGateway with replacements in the bootstrap.
func startEdited(t *testing.T, backends, models map[string]any, edit *strings.Replacer) gateway {
	t.Helper()
	return startSet(t, compile(t, backends, models), edit)
}

// compile makes the policy of a gateway on a free port.
func compile(t *testing.T, backends, models map[string]any) *policy.Set {
	t.Helper()
	document, err := json.Marshal(map[string]any{
		"version": 1, "unpriced": "flag", "listen": fmt.Sprintf("127.0.0.1:%d", envoytest.FreePort(t)), "backends": backends, "models": models,
	})
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(document))
}

// startSet runs a policy, with replacements in the bootstrap.
func startSet(t *testing.T, set *policy.Set, edit *strings.Replacer) gateway {
	t.Helper()
	static, err := snapshot.Static(set, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := envoytest.Start(t, []byte(edit.Replace(string(bootstrapOf(t, static, startExtProc(t))))))
	return gateway{url: set.Listen.URL(), envoy: e}
}

// get asks for a route of the gateway's; without one ext_proc names none.
func (g gateway) get(t *testing.T, route string, headers ...string) (*http.Response, string) {
	t.Helper()
	return g.ask(t, http.MethodGet, nil, route, headers)
}

// post is get with a body.
func (g gateway) post(t *testing.T, route string, headers ...string) (*http.Response, string) {
	t.Helper()
	return g.ask(t, http.MethodPost, strings.NewReader("{}"), route, headers)
}

func (g gateway) ask(t *testing.T, method string, sent io.Reader, route string, headers []string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, g.url+"/v1/models", sent)
	if err != nil {
		t.Fatal(err)
	}
	if route != "" {
		req.Header.Set(wantedRoute, route)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Timeout: envoytest.Patience}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// Headers by which a test says what the ext_proc server is to name.
const (
	wantedRoute = "x-wanted-route"
	wantedOrder = "x-wanted-order"
	wantedFit   = "x-wanted-fit"
)

// namer is an ext_proc server for both levels that sets nothing but the way of a request:
// the route, the order and the fit, and the mark of an endpoint that answered 429.
type namer struct {
	extprocv3.UnimplementedExternalProcessorServer
}

func (namer) Process(s extprocv3.ExternalProcessor_ProcessServer) error {
	md, _ := metadata.FromIncomingContext(s.Context())
	router := strings.Join(md.Get(policy.LevelHeader), "") == policy.LevelRouter
	for {
		m, err := s.Recv()
		if err != nil {
			return err
		}
		reply := &extprocv3.ProcessingResponse{}
		switch r := m.Request.(type) {
		case *extprocv3.ProcessingRequest_RequestHeaders:
			c := &extprocv3.CommonResponse{}
			if router {
				c = name(r.RequestHeaders.GetHeaders().GetHeaders(), reply)
			} else if asks(r.RequestHeaders.GetHeaders().GetHeaders(), askModel) {
				c.HeaderMutation = &extprocv3.HeaderMutation{SetHeaders: []*corev3.HeaderValueOption{overwrite(servedModel, chosenModel(m))}}
			}
			reply.Response = &extprocv3.ProcessingResponse_RequestHeaders{RequestHeaders: &extprocv3.HeadersResponse{Response: c}}
		case *extprocv3.ProcessingRequest_ResponseHeaders:
			c := &extprocv3.CommonResponse{}
			for _, h := range r.ResponseHeaders.GetHeaders().GetHeaders() {
				if !router && h.Key == ":status" && string(h.RawValue) == "429" {
					c.HeaderMutation = &extprocv3.HeaderMutation{SetHeaders: []*corev3.HeaderValueOption{overwrite("x-envoy-degraded", []byte("1"))}}
				}
			}
			reply.Response = &extprocv3.ProcessingResponse_ResponseHeaders{ResponseHeaders: &extprocv3.HeadersResponse{Response: c}}
		case *extprocv3.ProcessingRequest_RequestBody:
			reply.Response = &extprocv3.ProcessingResponse_RequestBody{RequestBody: &extprocv3.BodyResponse{}}
		case *extprocv3.ProcessingRequest_ResponseBody:
			reply.Response = &extprocv3.ProcessingResponse_ResponseBody{ResponseBody: &extprocv3.BodyResponse{}}
		default:
			return fmt.Errorf("unexpected message %T", r)
		}
		if err := s.Send(reply); err != nil {
			return err
		}
	}
}

func name(headers []*corev3.HeaderValue, reply *extprocv3.ProcessingResponse) *extprocv3.CommonResponse {
	c := &extprocv3.CommonResponse{ClearRouteCache: true, HeaderMutation: &extprocv3.HeaderMutation{}}
	for _, h := range headers {
		switch h.Key {
		case wantedRoute:
			c.HeaderMutation.SetHeaders = append(c.HeaderMutation.SetHeaders, overwrite(policy.RouteHeader, h.RawValue))
			c.HeaderMutation.RemoveHeaders = append(c.HeaderMutation.RemoveHeaders, wantedRoute)
		case wantedOrder:
			c.HeaderMutation.SetHeaders = append(c.HeaderMutation.SetHeaders, overwrite(policy.SplitHeader, h.RawValue))
		case wantedFit:
			reply.DynamicMetadata = &structpb.Struct{Fields: map[string]*structpb.Value{"envoy.lb": structpb.NewStructValue(
				&structpb.Struct{Fields: map[string]*structpb.Value{"fit": structpb.NewStringValue(string(h.RawValue))}})}}
		}
	}
	return c
}

func overwrite(name string, value []byte) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header: &corev3.HeaderValue{Key: name, RawValue: value}, AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

// servedModel is the header by which a provider learns the model of the endpoint, if the
// client has sent askModel.
const (
	servedModel = "x-served-model"
	askModel    = "x-ask-model"
)

func asks(headers []*corev3.HeaderValue, name string) bool {
	return slices.ContainsFunc(headers, func(h *corev3.HeaderValue) bool { return h.Key == name })
}

// chosenModel is the model of the endpoint that Envoy chose for an attempt.
func chosenModel(m *extprocv3.ProcessingRequest) []byte {
	for _, values := range m.Attributes {
		for name, v := range values.Fields {
			if strings.HasSuffix(name, "['"+policy.ModelKey+"']") {
				return []byte(v.GetStringValue())
			}
		}
	}
	return nil
}

// startExtProc serves a namer and returns its socket.
func startExtProc(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "extproc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	extprocv3.RegisterExternalProcessorServer(s, namer{})
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return socket
}

// provider is a server that notes what it was asked.
type provider struct {
	url string

	mu   sync.Mutex
	seen []*http.Request
}

// startProvider serves until the test ends. The handler's context is done if Envoy gives
// the attempt up, and when the test ends.
func startProvider(t *testing.T, handle http.HandlerFunc) *provider {
	t.Helper()
	p := &provider{}
	ended, end := context.WithCancel(context.Background())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.seen = append(p.seen, r.Clone(context.Background()))
		p.mu.Unlock()
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(ended, cancel)()
		handle(w, r.WithContext(ctx))
	}))
	t.Cleanup(s.Close)
	t.Cleanup(end)
	p.url = s.URL
	return p
}

func (p *provider) requests() []*http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*http.Request(nil), p.seen...)
}

// silent answers nothing until the attempt is given up.
func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
