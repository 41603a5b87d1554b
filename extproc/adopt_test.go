package extproc

import (
	"context"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// adopting is a kind whose stages count how often they are adopted.
type adopting struct{ times int }

func (*adopting) Name() string                                  { return "adopting" }
func (*adopting) Close(context.Context) error                   { return nil }
func (k *adopting) Compile(*policy.Set) (exchange.Stage, error) { return adopted{kind: k}, nil }

type adopted struct {
	requestStage
	kind *adopting
}

func (a adopted) Adopt() { a.kind.times++ }

// TestAStageIsAdoptedAsItsPolicyTakesEffect holds that it is then, once, and not as it is compiled.
func TestAStageIsAdoptedAsItsPolicyTakesEffect(t *testing.T) {
	k := &adopting{}
	r := newRig(t, testPolicy)
	p, err := NewPipeline(r.set, append(r.kinds, k))
	if err != nil {
		t.Fatal(err)
	}
	if k.times != 0 {
		t.Error("it is adopted as it is compiled")
	}
	r.server.Use(p)
	if k.times != 1 {
		t.Errorf("it is adopted %d times", k.times)
	}
}
