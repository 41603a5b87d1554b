package format

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

const (
	maxSchema = 256 << 10 // bytes
	// maxChoices bounds the values of a text times those that a schema lists for them.
	maxChoices = 50_000_000
	// maxIdle is how many forms of one schema are kept that nobody uses.
	maxIdle = 4
)

// The errors of schemas. They hold nothing of them: a schema may be a client's.
var (
	errSchema   = errors.New("the schema is no valid JSON Schema")
	errRemote   = errors.New("the schema refers to another document")
	errPattern  = errors.New("the schema has a pattern that is none of RE2")
	errBig      = fmt.Errorf("the schema has more than %d bytes, or more values than are judged", maxSchema)
	errBranches = errors.New("the schema is too complex: $ref, with contains, dependencies or dependentSchemas, and with not, if or oneOf")
)

// schema is a JSON Schema that is ready for use. It is safe for concurrent use.
type schema struct {
	text    []byte
	choices int // values that enums list
	idle    chan *compiled
}

// compile makes a schema ready. One that does not say of which draft it is is read as of 2020-12, and
// if it is none of that, as of draft-07.
func compile(text []byte) (*schema, error) {
	if len(text) > maxSchema {
		return nil, errBig
	}
	v, _, fault, err := parse(text)
	switch {
	case err != nil:
		return nil, errBig
	case fault != nil:
		return nil, errSchema
	}
	s := &schema{text: append([]byte(nil), text...), idle: make(chan *compiled, maxIdle)}
	var has keywords
	has.read(v)
	if s.choices = has.choices; has.branches() {
		return nil, errBranches
	}
	c, err := compileValue(v)
	if err != nil {
		return nil, err
	}
	s.idle <- c
	return s, nil
}

// check returns what is wrong with a value of so many values in all.
func (s *schema) check(ctx context.Context, v any, values int) ([]Fault, error) {
	if values*s.choices > maxChoices {
		return nil, errTooLarge
	}
	c, err := s.take()
	if err != nil {
		return nil, err
	}
	defer s.put(c)
	return c.check(ctx, v)
}

// take returns a form of the schema that nobody else uses.
func (s *schema) take() (*compiled, error) {
	select {
	case c := <-s.idle:
		return c, nil
	default:
	}
	v, _, _, err := parse(s.text)
	if err != nil {
		return nil, err
	}
	return compileValue(v)
}

func (s *schema) put(c *compiled) {
	select {
	case s.idle <- c:
	default: // enough are idle
	}
}

// compiled is one form of a schema, for one judgement at a time.
type compiled struct {
	schema *jsonschema.Schema
	budget *budget
}

func compileValue(v any) (*compiled, error) {
	c, err := compileAs(v, jsonschema.Draft2020)
	if err == nil {
		return c, nil
	}
	if object, ok := v.(map[string]any); ok && object["$schema"] == nil && errors.Is(err, errSchema) {
		return compileAs(v, jsonschema.Draft7)
	}
	return nil, err
}

func compileAs(v any, draft *jsonschema.Draft) (c *compiled, err error) {
	b := &budget{}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(draft)
	compiler.UseLoader(nowhere{})
	compiler.UseRegexpEngine(b.regexp)
	compiler.RegisterVocabulary(&jsonschema.Vocabulary{URL: "urn:headgate:budget", Compile: b.compile})
	compiler.AssertVocabs()
	if err := compiler.AddResource(location, v); err != nil {
		return nil, errSchema
	}
	err = b.within(context.Background(), func() error {
		s, err := compiler.Compile(location)
		c = &compiled{s, b}
		return err
	})
	if err != nil {
		return nil, schemaError(err)
	}
	return c, nil
}

const location = "urn:headgate:schema"

// nowhere loads no document.
type nowhere struct{}

// Load implements jsonschema.URLLoader.
func (nowhere) Load(string) (any, error) { return nil, errRemote }

// schemaError is an error of the compiler without what it quotes.
func schemaError(err error) error {
	var pattern *jsonschema.InvalidRegexError
	var invalid *jsonschema.ValidationError
	var schema *jsonschema.SchemaValidationError
	if errors.As(err, &schema) {
		err = schema.Err
	}
	switch {
	case errors.Is(err, errRemote), errors.As(err, new(*jsonschema.LoadURLError)):
		return errRemote
	case errors.As(err, &pattern), errors.As(err, &invalid) && hasBadPattern(invalid):
		return errPattern
	case errors.Is(err, errTooLong):
		return errTooLong
	}
	return errSchema
}

// hasBadPattern reports whether a schema has an expression that is none.
func hasBadPattern(e *jsonschema.ValidationError) bool {
	if k, ok := e.ErrorKind.(*kind.Format); ok {
		return k.Want == "regex"
	}
	return slices.ContainsFunc(e.Causes, hasBadPattern)
}

func (c *compiled) check(ctx context.Context, v any) ([]Fault, error) {
	err := c.budget.within(ctx, func() error { return c.schema.Validate(v) })
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return nil, err
	}
	return explain(invalid), nil
}

// keywords are what a schema says anywhere, wherever it stands.
type keywords struct {
	choices                   int
	refs, unseen, alternative bool
}

// branches reports whether what the schema judges may grow exponentially with how deep a text nests,
// without that a budget would see it: what fails where only the outcome counts is not reported.
func (k *keywords) branches() bool { return k.refs && k.unseen && k.alternative }

func (k *keywords) read(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			k.read(e)
		}
	case map[string]any:
		for key, e := range v {
			k.note(key, e)
			k.read(e)
		}
	}
}

func (k *keywords) note(key string, v any) {
	switch key {
	case "enum":
		all, _ := v.([]any)
		k.choices += len(all)
	case "$ref", "$dynamicRef", "$recursiveRef":
		k.refs = true
	case "contains", "dependencies", "dependentSchemas":
		k.unseen = true
	case "not", "if", "oneOf":
		k.alternative = true
	}
}
