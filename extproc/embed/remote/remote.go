// Package remote asks a model of the policy for vectors, as POST /v1/embeddings.
//
// The promise: a vector has the length 1, and as many dimensions as the policy says if it says so,
// or there is an error that shows nothing of the text. The trap: a provider may change a model under
// its name. Nothing here notices; the vectors of then and now are strangers.
package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/embed"
	"github.com/headgate/headgate/extproc/self"
)

const (
	// MaxDims bounds the dimensions of a vector.
	MaxDims = 4096
	// maxText bounds a text, in bytes. It is about as much as common models read (8,192 tokens).
	maxText = 32 << 10
	// maxAnswer bounds an answer, in bytes: 32 for each number of the largest vector.
	maxAnswer = 32*MaxDims + 16<<10
)

// Options say whom to ask for what.
type Options struct {
	Own     *self.Client
	Model   string // of the policy
	Dims    int    // that it is asked for, which not every model knows how to make; 0: as many as it gives
	Timeout time.Duration
}

func (o *Options) validate() error {
	switch {
	case o.Model == "":
		return errors.New("no model is named")
	case o.Dims < 0 || o.Dims > MaxDims:
		return fmt.Errorf("%d dimensions: must be 0 to %d", o.Dims, MaxDims)
	case o.Timeout <= 0:
		return fmt.Errorf("timeout %s: must be above 0", o.Timeout)
	}
	return nil
}

// Embedder is an embed.Embedder that asks a model for each text, on behalf of no exchange. It is
// safe for concurrent use.
type Embedder struct {
	o       Options
	breaker breaker
}

// New makes an embedder. It asks nothing yet.
func New(o Options) (*Embedder, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("embeddings by a model: %w", err)
	}
	return &Embedder{o, newBreaker()}, nil
}

// ID is the model's name in the policy, and the dimensions that it is asked for, such as
// "embed-small/512".
func (e *Embedder) ID() string {
	if e.o.Dims == 0 {
		return e.o.Model
	}
	return e.o.Model + "/" + strconv.Itoa(e.o.Dims)
}

// Embed implements embed.Embedder. It waits for the answer no longer than the timeout. The errors
// of self.Client.Do are wrapped; self.ErrTimeout is that of the timeout, too. After a few of that in
// a row it is ErrResting at once, for a while.
func (e *Embedder) Embed(ctx context.Context, dst []float32, text string) ([]float32, error) {
	return e.ask(ctx, "", dst, text)
}

// For returns the embedder that asks on behalf of an exchange, which its calls name as their parent.
func (e *Embedder) For(parent string) embed.Embedder { return child{e, parent} }

type child struct {
	*Embedder
	parent string
}

// Embed asks on behalf of the parent.
func (c child) Embed(ctx context.Context, dst []float32, text string) ([]float32, error) {
	return c.ask(ctx, c.parent, dst, text)
}

func (e *Embedder) ask(ctx context.Context, parent string, dst []float32, text string) ([]float32, error) {
	if strings.TrimSpace(text) == "" {
		return dst, embed.ErrNoVector
	}
	got, err := e.call(ctx, parent, dst, text)
	if err != nil {
		return dst, fmt.Errorf("asking model %s for a vector: %w", e.o.Model, err)
	}
	return got, nil
}

func (e *Embedder) call(ctx context.Context, parent string, dst []float32, text string) ([]float32, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the text has %d bytes, more than %d", len(text), maxText)
	}
	body, err := e.body(text)
	if err != nil {
		return nil, err
	}
	answer, err := e.breaker.do(ctx, e.o.Own, e.o.Timeout, self.Call{
		Feature: self.Cache, Parent: parent, Path: "/v1/embeddings", Body: body, MaxBytes: maxAnswer,
	})
	switch {
	case err != nil:
		return nil, err
	case answer.Status != 200:
		return nil, fmt.Errorf("it answered with status %d", answer.Status)
	}
	return appendVector(dst, answer.Body, e.o.Dims)
}

func (e *Embedder) body(text string) ([]byte, error) {
	r := struct {
		Model  string `json:"model"`
		Input  string `json:"input"`
		Format string `json:"encoding_format"`
		Dims   int    `json:"dimensions,omitempty"`
	}{Model: e.o.Model, Input: text, Format: "float", Dims: e.o.Dims}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // none of it is shown as HTML
	if err := enc.Encode(r); err != nil {
		return nil, errors.New("encoding the request") // the cause might show the text
	}
	return b.Bytes(), nil
}
