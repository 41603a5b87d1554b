package dialects

import (
	"encoding/base64"
	"encoding/json"
	"maps"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/shared"
)

// feature is one thing that requests may ask for, in the words of either client.
type feature struct {
	name   string
	openai func(*openai.ChatCompletionNewParams)
	claude func(*anthropic.MessageNewParams)
	want   meaning // of the answer, whoever asks and whoever answers
}

// meaning is what a client's own SDK makes of an answer.
type meaning struct {
	Text    string
	Thought string
	Calls   []toolCall
	Finish  string // in OpenAI's words
}

type toolCall struct{ Name, Arguments string }

const (
	pixel    = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
	imageURL = "https://images.example/one.png"
)

var pdf = base64.StdEncoding.EncodeToString([]byte("%PDF-1.4 one page"))

// with is a schema with one more keyword, which one of the dialects does not take.
func with(schema map[string]any, key string, value any) map[string]any {
	schema = maps.Clone(schema)
	schema[key] = value
	return schema
}

var citySchema = map[string]any{
	"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}},
	"required": []string{"city"}, "additionalProperties": false,
}

func openAITool(name string) openai.ChatCompletionToolUnionParam {
	return openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
		Name: name, Description: openai.String("About a " + name), Parameters: openai.FunctionParameters(citySchema),
	})
}

func claudeTool(name string) anthropic.ToolUnionParam {
	t := anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{
		Properties: citySchema["properties"], Required: []string{"city"}, ExtraFields: map[string]any{"additionalProperties": false},
	}, name)
	t.OfTool.Description = anthropic.String("About a " + name)
	return t
}

// The answer's parts that the directives below script.
const (
	saysHello = `[[sim text="hello"]]`
	callsOne  = "[[sim tool=weather]]"
	callsTwo  = "[[sim tools=2]]"
)

var (
	hello  = meaning{Text: "hello", Finish: "stop"}
	called = meaning{Calls: []toolCall{{"weather", `{"city":"café 中文 😀"}`}}, Finish: "tool_calls"}
)

// features are what the matrix asks for.
var features = []feature{
	{"text", func(p *openai.ChatCompletionNewParams) {
		p.Messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Say it. " + saysHello)}
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Say it. " + saysHello))}
	}, hello},
	{"system and several turns", func(p *openai.ChatCompletionNewParams) {
		p.Messages = []openai.ChatCompletionMessageParamUnion{
			openai.SystemMessage("Be brief."), openai.UserMessage("One?"), openai.AssistantMessage("Two."), openai.UserMessage("Three? " + saysHello),
		}
	}, func(p *anthropic.MessageNewParams) {
		p.System = []anthropic.TextBlockParam{{Text: "Be brief."}}
		p.Messages = []anthropic.MessageParam{
			anthropic.NewUserMessage(anthropic.NewTextBlock("One?")), anthropic.NewAssistantMessage(anthropic.NewTextBlock("Two.")),
			anthropic.NewUserMessage(anthropic.NewTextBlock("Three? " + saysHello)),
		}
	}, hello},
	{"developer", func(p *openai.ChatCompletionNewParams) {
		p.Messages = []openai.ChatCompletionMessageParamUnion{openai.DeveloperMessage("Be brief."), openai.UserMessage("Now. " + saysHello)}
	}, nil, hello},
	{"image data", func(p *openai.ChatCompletionNewParams) {
		p.Messages = openAIParts(openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: "data:image/png;base64," + pixel}))
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewImageBlockBase64("image/png", pixel))
	}, hello},
	{"image address", func(p *openai.ChatCompletionNewParams) {
		p.Messages = openAIParts(openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: imageURL}))
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewImageBlock(anthropic.URLImageSourceParam{URL: imageURL}))
	}, hello},
	{"document", func(p *openai.ChatCompletionNewParams) {
		p.Messages = openAIParts(openai.FileContentPart(openai.ChatCompletionContentPartFileFileParam{
			FileData: openai.String("data:application/pdf;base64," + pdf), Filename: openai.String("page.pdf"),
		}))
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewDocumentBlock(anthropic.Base64PDFSourceParam{Data: pdf}))
	}, hello},
	{"tool call", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI(callsOne)
		p.Tools = []openai.ChatCompletionToolUnionParam{openAITool("weather"), openAITool("time")}
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock(callsOne))
		p.Tools = []anthropic.ToolUnionParam{claudeTool("weather"), claudeTool("time")}
	}, called},
	{"tool results", openAIResults, claudeResults, hello},
	{"parallel calls", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI(callsTwo)
		p.Tools = []openai.ChatCompletionToolUnionParam{openAITool("weather")}
		p.ParallelToolCalls = openai.Bool(true)
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock(callsTwo))
		p.Tools = []anthropic.ToolUnionParam{claudeTool("weather")}
	}, meaning{Calls: append(called.Calls, called.Calls...), Finish: "tool_calls"}},
	{"one call at a time", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI(callsTwo)
		p.Tools = []openai.ChatCompletionToolUnionParam{openAITool("weather")}
		p.ParallelToolCalls = openai.Bool(false)
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock(callsTwo))
		p.Tools = []anthropic.ToolUnionParam{claudeTool("weather")}
		p.ToolChoice = anthropic.ToolChoiceUnionParam{OfAuto: &anthropic.ToolChoiceAutoParam{DisableParallelToolUse: anthropic.Bool(true)}}
	}, called},
	{"any tool", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI("")
		p.Tools = []openai.ChatCompletionToolUnionParam{openAITool("weather")}
		p.ToolChoice = openai.ChatCompletionToolChoiceOptionUnionParam{OfAuto: openai.String("required")}
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock("Now."))
		p.Tools = []anthropic.ToolUnionParam{claudeTool("weather")}
		p.ToolChoice = anthropic.ToolChoiceUnionParam{OfAny: &anthropic.ToolChoiceAnyParam{}}
	}, called},
	{"this tool", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI("")
		p.Tools = []openai.ChatCompletionToolUnionParam{openAITool("time"), openAITool("weather")}
		p.ToolChoice = openai.ToolChoiceOptionFunctionToolChoice(openai.ChatCompletionNamedToolChoiceFunctionParam{Name: "weather"})
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock("Now."))
		p.Tools = []anthropic.ToolUnionParam{claudeTool("time"), claudeTool("weather")}
		p.ToolChoice = anthropic.ToolChoiceParamOfTool("weather")
	}, called},
	{"no tool", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI(saysHello)
		p.Tools = []openai.ChatCompletionToolUnionParam{openAITool("weather")}
		p.ToolChoice = openai.ChatCompletionToolChoiceOptionUnionParam{OfAuto: openai.String("none")}
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock(saysHello))
		p.Tools = []anthropic.ToolUnionParam{claudeTool("weather")}
		p.ToolChoice = anthropic.ToolChoiceUnionParam{OfNone: &anthropic.ToolChoiceNoneParam{}}
	}, hello},
	{"schema", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI("")
		p.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{OfJSONSchema: &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "answer", Schema: citySchema, Strict: openai.Bool(true)},
		}}
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock("Now."))
		p.OutputConfig = anthropic.OutputConfigParam{Format: anthropic.JSONOutputFormatParam{Schema: citySchema}}
	}, meaning{Text: `{"city":"café 中文 😀"}`, Finish: "stop"}},
	{"schema that is made to fit", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI("")
		p.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{OfJSONSchema: &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "answer", Schema: with(citySchema, "maxItems", 9), Strict: openai.Bool(true)},
		}}
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock("Now."))
		p.OutputConfig = anthropic.OutputConfigParam{Format: anthropic.JSONOutputFormatParam{Schema: with(citySchema, "format", "uri")}}
	}, meaning{Text: `{"city":"café 中文 😀"}`, Finish: "stop"}},
	{"stop sequence", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI(`[[sim text="hello, world"]]`)
		p.Stop = openai.ChatCompletionNewParamsStopUnion{OfStringArray: []string{",", "never"}}
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock(`[[sim text="hello, world"]]`))
		p.StopSequences = []string{",", "never"}
	}, hello},
	{"token limit", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI(`[[sim text="hello to all the world"]]`)
		p.MaxCompletionTokens = openai.Int(1)
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock(`[[sim text="hello to all the world"]]`))
		p.MaxTokens = 1
	}, meaning{Text: "hello", Finish: "length"}},
	{"sampling", func(p *openai.ChatCompletionNewParams) {
		*p = askOpenAI(saysHello)
		p.Temperature, p.User = openai.Float(0.5), openai.String("user-1")
	}, func(p *anthropic.MessageNewParams) {
		p.Messages = claudeParts(anthropic.NewTextBlock(saysHello))
		p.Temperature, p.Metadata = anthropic.Float(0.5), anthropic.MetadataParam{UserID: anthropic.String("user-1")}
	}, hello},
}

func openAIParts(part openai.ChatCompletionContentPartUnionParam) []openai.ChatCompletionMessageParamUnion {
	return []openai.ChatCompletionMessageParamUnion{openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{part, openai.TextContentPart(saysHello)})}
}

func claudeParts(blocks ...anthropic.ContentBlockParamUnion) []anthropic.MessageParam {
	if len(blocks) == 1 && blocks[0].OfText == nil {
		blocks = append(blocks, anthropic.NewTextBlock(saysHello))
	}
	return []anthropic.MessageParam{anthropic.NewUserMessage(blocks...)}
}

func askOpenAI(text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Now. " + text)}}
}

// openAIResults is a loop in which two tools were called at once, one of them
// without arguments.
func openAIResults(p *openai.ChatCompletionNewParams) {
	asked := openai.ChatCompletionAssistantMessageParam{}
	for id, args := range []string{`{"city":"Rome"}`, `{}`} {
		asked.ToolCalls = append(asked.ToolCalls, openai.ChatCompletionMessageToolCallUnionParam{OfFunction: &openai.ChatCompletionMessageFunctionToolCallParam{
			ID:       []string{"call_one", "call_two"}[id],
			Function: openai.ChatCompletionMessageFunctionToolCallFunctionParam{Name: []string{"weather", "time"}[id], Arguments: args},
		}})
	}
	p.Messages = []openai.ChatCompletionMessageParamUnion{
		openai.UserMessage("Weather and time?"), {OfAssistant: &asked},
		openai.ToolMessage("sunny", "call_one"), openai.ToolMessage("noon", "call_two"), openai.UserMessage("So? " + saysHello),
	}
	p.Tools = []openai.ChatCompletionToolUnionParam{openAITool("weather"), openAITool("time")}
}

func claudeResults(p *anthropic.MessageNewParams) {
	p.Messages = []anthropic.MessageParam{
		anthropic.NewUserMessage(anthropic.NewTextBlock("Weather and time?")),
		anthropic.NewAssistantMessage(
			anthropic.NewToolUseBlock("call_one", json.RawMessage(`{"city":"Rome"}`), "weather"),
			anthropic.NewToolUseBlock("call_two", json.RawMessage(`{}`), "time")),
		anthropic.NewUserMessage(anthropic.NewToolResultBlock("call_one", "sunny", false), anthropic.NewToolResultBlock("call_two", "too late", true),
			anthropic.NewTextBlock("So? "+saysHello)),
	}
	p.Tools = []anthropic.ToolUnionParam{claudeTool("weather"), claudeTool("time")}
}
