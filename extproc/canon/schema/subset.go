package schema

// Subset is what a server takes of JSON Schema in one place of a request.
type Subset struct {
	// Strict subsets hold the model to the schema: only Keywords may stand in it, each
	// schema says its type, each object is closed.
	Strict   bool
	Keywords Set
	Formats  []string // of strings

	ObjectRoot      bool // the root must be of type object
	NotAtRoot       Set  // keywords that the root must not have
	NeedsProperties bool // a root object must list its properties, none included
	NeedsItems      bool // an array must say what its items are
	NeedsType       bool // an enum or a const must say its type too
	PlainNames      bool // the root's properties are named as plainName says
	AllRequired     bool // no property is optional
	OneMinItem      bool // minItems is 0 or 1
	NoRecursion     bool // no definition leads back to itself

	MaxDepth      int // of schemas within schemas; 0: maxNesting
	MaxProperties int // of all objects together; 0: no bound
	MaxEnum       int // values of all enums together; 0: no bound
}

// The subset of OpenAI's strict mode: developers.openai.com/api/docs/guides/structured-outputs,
// "Supported schemas". It also refuses the lengths of strings at some models, and any
// format but these nine ("'uri' is not a valid format").
var openAIStrict = Subset{
	Strict: true,
	Keywords: setOf(keySchema, keyDescription, keyTitle, keyRef, keyDefs, keyDefinitions, keyType, keyEnum, keyConst,
		keyProperties, keyRequired, keyAdditional, keyItems, keyAnyOf, keyFormat, keyPattern, keyMinItems, keyMaxItems,
		keyMinimum, keyMaximum, keyExclusiveMinimum, keyExclusiveMaximum, keyMultipleOf),
	Formats:       []string{"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"},
	ObjectRoot:    true,
	NotAtRoot:     setOf(keyAnyOf, keyOneOf, keyAllOf, keyEnum, keyNot),
	NeedsItems:    true,
	NeedsType:     true,
	AllRequired:   true,
	MaxDepth:      10,
	MaxProperties: 5000,
	MaxEnum:       1000,
}

// What OpenAI refuses outside of strict mode: "schema must have type 'object' and not
// have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level", "object schema missing
// properties" (of the root), "array schema missing items" (anywhere).
var openAILoose = Subset{
	ObjectRoot:      true,
	NotAtRoot:       openAIStrict.NotAtRoot,
	NeedsProperties: true,
	NeedsItems:      true,
}

// The subset of Anthropic's structured outputs and strict tools:
// platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema
// limitations", and transform_schema of its SDK for Python.
var anthropicFormat = Subset{
	Strict: true,
	Keywords: setOf(keyDescription, keyTitle, keyRef, keyDefs, keyDefinitions, keyType, keyEnum, keyConst,
		keyProperties, keyRequired, keyAdditional, keyItems, keyAnyOf, keyAllOf, keyFormat, keyPattern, keyMinItems),
	Formats:     []string{"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"},
	OneMinItem:  true,
	NoRecursion: true,
}

// Strict tools of Anthropic are bound by what it demands of any tool as well.
var anthropicStrict = func() Subset {
	s := anthropicFormat
	s.ObjectRoot, s.NotAtRoot, s.PlainNames = true, anthropicLoose.NotAtRoot, true
	return s
}()

// What Anthropic refuses of tools that are not strict: "input_schema does not support
// oneOf, allOf, or anyOf at the top level", "input_schema.type: Input should be
// 'object'", "Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'" (of the root).
var anthropicLoose = Subset{
	ObjectRoot: true,
	NotAtRoot:  setOf(keyAnyOf, keyOneOf, keyAllOf),
	PlainNames: true,
}

// The subsets by their places.
var (
	OpenAIStrict    = &openAIStrict    // tools and answers of strict mode
	OpenAILoose     = &openAILoose     // tools and answers outside of it
	AnthropicFormat = &anthropicFormat // answers: there is no other mode than a strict one
	AnthropicStrict = &anthropicStrict // strict tools
	AnthropicLoose  = &anthropicLoose  // other tools
)

const (
	// maxNesting bounds how deep schemas are followed if a server names no bound.
	maxNesting = 64
	// maxSize is the greatest schema of a strict mode, and the greatest one that is
	// written anew: OpenAI takes 120,000 characters of names and values.
	maxSize = 128 << 10
	// maxRefs bounds the references of a schema of a strict mode.
	maxRefs = 500
)

// Budget is what Anthropic takes of strict schemas in a request, all together: the
// answer's and those of tools ("Schemas contains too many optional parameters",
// platform.claude.com/docs/en/build-with-claude/structured-outputs, "Schema complexity
// limits").
type Budget struct{ tools, optional, unions int }

// NewBudget returns what a request may use.
func NewBudget() Budget { return Budget{tools: 20, optional: 24, unions: 16} }

// Take uses what a strict schema needs. It returns false, and takes nothing, if that is
// more than is left.
func (b *Budget) Take(f *Fitted, tool bool) bool {
	left := Budget{b.tools, b.optional - f.Optional, b.unions - f.Unions}
	if tool {
		left.tools--
	}
	if left.tools < 0 || left.optional < 0 || left.unions < 0 {
		return false
	}
	*b = left
	return true
}
