package snapshot

import (
	"bytes"
	"fmt"
	"regexp"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/headgate/headgate/policy"
)

// Static returns the same resources as static ones, with the routes inside the
// listener: what `envoy --mode validate` can check, and what an Envoy without a
// control plane runs. The cluster of ext_proc is the bootstrap's.
func Static(set *policy.Set, o Options) (*bootstrapv3.Bootstrap_StaticResources, error) {
	r, err := Build(set, o)
	if err != nil {
		return nil, err
	}
	l, err := listener(set, o, inline(r.Routes))
	if err != nil {
		return nil, err
	}
	listeners := []*listenerv3.Listener{l}
	if o.Own != "" {
		own, err := Own(l, o.Own)
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, own)
	}
	return &bootstrapv3.Bootstrap_StaticResources{Listeners: listeners, Clusters: r.Clusters}, nil
}

// YAML writes the static resources as a complete bootstrap for people to read and to take
// pieces from. It has the cluster of ext_proc, and an admin interface if admin names a Unix
// socket.
func YAML(set *policy.Set, o Options, extProc *clusterv3.Cluster, admin string) ([]byte, error) {
	static, err := Static(set, o)
	if err != nil {
		return nil, err
	}
	static.Clusters = append(static.Clusters, extProc)
	b := &bootstrapv3.Bootstrap{Node: &corev3.Node{Id: "headgate-1", Cluster: "headgate"}, StaticResources: static}
	if admin != "" {
		b.Admin = &bootstrapv3.Admin{Address: &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: admin, Mode: 0o600}}}}
	}
	if err := b.ValidateAll(); err != nil {
		return nil, fmt.Errorf("bootstrap: %w", err)
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("writing the bootstrap: %w", err)
	}
	return block(text)
}

// block writes JSON, which is YAML of another style, in YAML's own. Nodes keep the
// order of the fields and the digits of numbers, which maps and floats would not.
func block(text []byte) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("writing the bootstrap as YAML: %w", err)
	}
	plain(&doc)
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(&doc); err != nil {
		return nil, fmt.Errorf("writing the bootstrap as YAML: %w", err)
	}
	return out.Bytes(), nil
}

// plain drops the style in which nodes were read, except for the quotes of texts that a
// reader of YAML 1.1, such as Envoy, would read as another type.
func plain(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || n.Style&yaml.DoubleQuotedStyle == 0 || !ambiguous.MatchString(n.Value) {
		n.Style = 0
	}
	for _, child := range n.Content {
		plain(child)
	}
}

// ambiguous are the words of YAML 1.1, and what may be a number, a time or a date: all
// that is made of the letters and signs of those.
var ambiguous = regexp.MustCompile(`^(?i:|y|yes|n|no|on|off|true|false|null|~|=|<<|infinity|[-+]?[.]?(inf|nan|[0-9][-+.:_0-9a-fopxtz ]*))$`)
