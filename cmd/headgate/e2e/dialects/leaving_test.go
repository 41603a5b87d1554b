package dialects

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// leavingCase is a request that its backend would refuse as it came. Quotes in it, in sent
// and in kept are written as '.
type leavingCase struct {
	name    string
	to      string // backend/model; with a ! at its end a policy that drops
	path    string
	members string   // beside model; MARK tells it apart at the provider
	dropped string   // that the answer names
	sent    []string // that the provider got
	kept    []string // that it did not get
	answer  string   // that the client got, too
}

const (
	toOpenAI = "/v1/chat/completions"
	toClaude = "/v1/messages"

	openAILoop = `'messages':[{'role':'user','content':'MARK'},{'role':'assistant','content':null,'tool_calls':[{'id':'call_1','type':'function','function':{'name':'f','arguments':''}}]},` +
		`{'role':'tool','tool_call_id':'call_1','name':'f','content':'r'}],'tools':[{'type':'function','function':{'name':'f'}}]`
	claudeTools = `'tools':[{'name':'f','input_schema':{'type':'object'}}]`
)

// longName is a name of a tool as servers of tools make them up.
var longName = "mcp__" + strings.Repeat("toolbox-", 8) + "_open"

func asked(messages string) string {
	return `'max_tokens':1900,'messages':[{'role':'user','content':'MARK'},` + messages + `]`
}

var historyCases = []leavingCase{
	{"the members of OpenAI's answers", "claude/claude-sonnet-4-6", toOpenAI,
		asked(`{'role':'assistant','content':'x','refusal':null,'annotations':[],'audio':null},{'role':'user','content':'y'}`),
		"", []string{`{'role':'assistant','content':'x'}`}, []string{"annotations"}, ""},
	{"annotations that say something", "claude/claude-sonnet-4-6", toOpenAI,
		asked(`{'role':'assistant','content':'x','annotations':[{'type':'url_citation'}]},{'role':'user','content':'y'}`),
		"messages[1].annotations", []string{`{'role':'assistant','content':'x'}`}, nil, ""},
	{"the members of Claude's answers", "gpt/gpt-4o", toClaude,
		asked(`{'role':'assistant','type':'message','container':null,'content':[{'type':'text','text':'x','citations':null}]},{'role':'user','content':'y'}`),
		"messages[1].type", []string{`{'role':'assistant','content':'x'}`}, []string{"container", "citations"}, ""},
	{"thoughts that go to Groq", "groq/llama-3.3-70b-versatile", toOpenAI,
		asked(`{'role':'assistant','content':'x','reasoning_content':'why','reasoning_details':[{'type':'reasoning.text','text':'why','signature':'c2ln','index':0}]},{'role':'user','content':'y'}`),
		"messages[1].reasoning_content,messages[1].reasoning_details", []string{`{'role':'assistant','content':'x'}`}, nil, ""},
	{"thoughts that go to Mistral", "mistral/mistral-large-2512", toOpenAI,
		asked(`{'role':'assistant','content':'x','reasoning':'why'},{'role':'user','content':'y'}`),
		"messages[1].reasoning", []string{`{'role':'assistant','content':'x'}`}, nil, ""},
	{"thoughts that go to DeepSeek", "seek/deepseek-v4-pro", toClaude,
		asked(`{'role':'assistant','content':[{'type':'thinking','thinking':'why','signature':'c2ln'},{'type':'text','text':'x'}]},{'role':'user','content':'y'}`),
		"messages[1].content[0].signature", []string{`'reasoning_content':'why'`}, nil, ""},
	{"a thought that nobody signed", "claude/claude-sonnet-4-6", toClaude,
		asked(`{'role':'assistant','content':[{'type':'thinking','thinking':'why','signature':''},{'type':'text','text':'x'}]},{'role':'user','content':'y'}`),
		"messages[1].content[0]", []string{`[{'type':'text','text':'x'}]`}, []string{"thinking"}, ""},
	{"nothing but a thought that nobody signed", "claude/claude-sonnet-4-6", toClaude,
		asked(`{'role':'assistant','content':[{'type':'redacted_thinking','data':''}]},{'role':'user','content':'y'}`),
		"messages[1]", nil, []string{"assistant"}, ""},
	{"turns without a word, at Mistral", "mistral/mistral-large-2512", toOpenAI,
		asked(`{'role':'assistant','content':'','reasoning_content':'why'},{'role':'user','content':'y'},{'role':'assistant','content':null}`),
		"messages[1]", []string{`{'role':'user','content':'y'}]`}, []string{"assistant", "why"}, ""},
	{"one between a tool and the user", "mistral/mistral-large-2512", toOpenAI,
		strings.Replace(openAILoop, `],'tools'`, `,{'role':'assistant','content':[]},{'role':'user','content':'y'}],'tools'`, 1),
		"", []string{`{'role':'assistant','content':'OK.'},{'role':'user','content':'y'}`}, nil, ""},
	{"blanks, where another link takes them", "claude/claude-sonnet-4-6, gpt/gpt-4o", toOpenAI,
		asked(`{'role':'assistant','content':'x'},{'role':'user','content':' '}`), "", []string{`'content':' '`}, nil, ""},
	{"neighbours with a call each", "gpt/gpt-4o", toClaude,
		asked(`{'role':'assistant','content':[{'type':'tool_use','id':'toolu_1','name':'f','input':{}}]},{'role':'assistant','content':[{'type':'tool_use','id':'toolu_2','name':'f','input':{}}]},`+
			`{'role':'user','content':[{'type':'tool_result','tool_use_id':'toolu_1','content':'r'},{'type':'text','text':'note'}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'toolu_2','content':'s'}]}`) + "," + claudeTools,
		"", []string{`'tool_call_id':'toolu_1','content':'r'},{'role':'tool','tool_call_id':'toolu_2','content':'s'},{'role':'user','content':'note'`}, nil, ""},
	{"neighbours that come from a client of the same dialect", "gpt/gpt-4o", toOpenAI,
		asked(`{'role':'assistant','content':null,'tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':'{}'}}]},{'role':'assistant','content':null,'tool_calls':[{'id':'c2','type':'function','function':{'name':'f','arguments':'{}'}}]},` +
			`{'role':'tool','tool_call_id':'c1','content':'r'},{'role':'tool','tool_call_id':'c2','content':'s'}`),
		"", []string{`'id':'c2'`}, nil, ""},
	{"the name of a tool's message, at Mistral", "mistral/mistral-large-2512", toOpenAI, openAILoop, "", []string{`'name':'f'`, `'content':'r'`}, nil, ""},
	{"another name of a tool's message, at Claude", "claude/claude-sonnet-4-6", toOpenAI, strings.Replace(openAILoop, `'name':'f','content':'r'`, `'name':'g','content':'r'`, 1), "messages[2].name", []string{`'input':{}`}, nil, ""},
	{"the name of a tool's message, at Claude", "claude/claude-sonnet-4-6", toOpenAI, openAILoop, "", []string{`'input':{}`}, nil, ""},
}

var settingCases = []leavingCase{
	{"bounds of an answer's schema", "claude/claude-sonnet-4-6", toOpenAI,
		asked(`{'role':'user','content':'y'}`) + `,'response_format':{'type':'json_schema','json_schema':{'name':'n','strict':true,'schema':{'type':'object','properties':{'a':{'type':'integer','minimum':1}},'required':['a'],'additionalProperties':false}}}`,
		"response_format.json_schema.schema.properties.a.minimum", []string{`{minimum: 1}`}, []string{`'minimum'`}, ""},
	{"bounds of a strict tool's schema", "claude/claude-sonnet-4-6", toOpenAI,
		asked(`{'role':'user','content':'y'}`) + `,'tools':[{'type':'function','function':{'name':'f','strict':true,'parameters':{'type':'object','properties':{'a':{'type':'string','minLength':2}},'required':['a'],'additionalProperties':false}}}]`,
		"tools[0].function.parameters.properties.a.minLength", []string{`{minLength: 2}`, `'strict':true`}, []string{`'minLength'`}, ""},
	{"an optional property", "gpt/gpt-4o", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'output_config':{'format':{'type':'json_schema','schema':{'type':'object','properties':{'a':{'type':'string'},'b':{'type':'string'}},'required':['a'],'additionalProperties':false}}}`,
		"output_config.format.schema.properties.b", []string{`'strict':false`}, nil, ""},
	{"a form of strings that OpenAI does not know", "gpt/gpt-4o", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'output_config':{'format':{'type':'json_schema','schema':{'type':'object','properties':{'a':{'type':'string','format':'uri'}},'required':['a'],'additionalProperties':false}}}`,
		"output_config.format.schema.properties.a.format", []string{`'strict':true`}, []string{`'format':'uri'`}, ""},
	{"a bound, where the model reads schemas as Claude does", "gpt/mine", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'output_config':{'format':{'type':'json_schema','schema':{'type':'object','properties':{'a':{'type':'integer','minimum':1}},'required':['a'],'additionalProperties':false}}}`,
		"output_config.format.schema.properties.a.minimum", []string{`'strict':true`, `{minimum: 1}`}, []string{`'minimum'`}, ""},
	{"a strict tool, where the model knows no schemas", "gpt/gpt-3.5-turbo", toOpenAI,
		asked(`{'role':'user','content':'y'}`) + `,'tools':[{'type':'function','function':{'name':'f','strict':true,'parameters':{'type':'object','properties':{}}}}]`,
		"tools[0].function.strict", nil, []string{`'strict'`}, ""},
	{"a tool without properties", "gpt/gpt-4o", toClaude,
		asked(`{'role':'user','content':'y'}`) + "," + claudeTools, "", []string{`'parameters':{'type':'object','properties':{}}`}, nil, ""},
	{"a tool without a schema", "claude/claude-sonnet-4-6", toOpenAI,
		asked(`{'role':'user','content':'y'}`) + `,'tools':[{'type':'function','function':{'name':'f','parameters':null}}]`, "", []string{`'input_schema':{'type':'object'`}, nil, ""},
	{"a long name of a tool", "gpt/gpt-4o", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'tools':[{'name':'` + longName + `','input_schema':{'type':'object'}}],'tool_choice':{'type':'tool','name':'` + longName + `'}`,
		"", []string{`_hg`}, []string{longName}, longName},
	{"a long name of a tool, at a server of the same dialect", "gpt/gpt-4o", toOpenAI,
		asked(`{'role':'assistant','content':null,'tool_calls':[{'id':'c1','type':'function','function':{'name':'`+longName+`','arguments':'{}'}}]},{'role':'tool','tool_call_id':'c1','content':'r'}`) +
			`,'tools':[{'type':'function','function':{'name':'` + longName + `','parameters':{'type':'object','properties':{}}}}],'tool_choice':'required'`,
		"", []string{`_hg`}, []string{longName}, `"` + longName + `"`},
	{"the same at Claude", "claude/claude-sonnet-4-6", toClaude,
		asked(`{'role':'assistant','content':[{'type':'tool_use','id':'toolu_1','name':'files.open','input':{}}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'toolu_1','content':'r'}]}`) +
			`,'tools':[{'name':'files.open','input_schema':{'type':'object'}}],'tool_choice':{'type':'tool','name':'files.open'}`,
		"", []string{`files_open`}, []string{"files.open"}, `"files.open"`},
	{"a tool that must be called, where another model of the server can be made to", "claude/claude-opus-5-5, claude/claude-sonnet-4-6, gpt/gpt-4o", toClaude,
		asked(`{'role':'user','content':'y'}`) + "," + claudeTools + `,'tool_choice':{'type':'any'}`, "", []string{`'model':'claude-sonnet-4-6'`, `'tool_choice':{'type':'any'}`}, nil, ""},
	{"a tool that must be called, and a policy that drops", "claude/claude-opus-5-5!", toOpenAI,
		asked(`{'role':'user','content':'y'}`) + `,'tools':[{'type':'function','function':{'name':'f'}}],'tool_choice':'required'`, "tool_choice", []string{`'tools'`}, []string{"tool_choice"}, ""},
	{"the same, from a client of the same dialect", "claude/claude-opus-5-5!", toClaude,
		asked(`{'role':'user','content':'y'}`) + "," + claudeTools + `,'tool_choice':{'type':'any'}`, "tool_choice", []string{`'tools'`}, []string{"tool_choice"}, ""},
	{"words that the model is to go on with, and a policy that drops", "claude/claude-sonnet-4-6!", toClaude,
		asked(`{'role':'assistant','content':'So'}`), "messages[1].role", nil, []string{"assistant"}, ""},
	{"a word not to think beside a great effort", "claude/claude-opus-5", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'thinking':{'type':'disabled'},'output_config':{'effort':'max'}`, "output_config.effort", []string{`'effort':'high'`, `'disabled'`}, nil, ""},
	{"a word not to think, where the model has another", "claude/claude-sonnet-5-5", toOpenAI,
		asked(`{'role':'user','content':'y'}`) + `,'reasoning_effort':'none'`, "", []string{`'thinking':{'type':'between_tools'}`}, nil, ""},
	{"that word, at a model of another vendor", "gpt/gpt-5.5", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'thinking':{'type':'between_tools'}`, "thinking.type", []string{`'reasoning_effort':'none'`}, nil, ""},
	{"more tokens than the model gives", "gpt/gpt-4o", toClaude,
		`'max_tokens':90000,'messages':[{'role':'user','content':'MARK'}]`, "max_tokens", []string{`'max_completion_tokens':16384`}, nil, ""},
	{"the same, from a client of the same dialect", "gpt/gpt-4o", toOpenAI,
		`'max_tokens':90000,'messages':[{'role':'user','content':'MARK'}]`, "max_tokens", []string{`'max_tokens':16384`}, nil, ""},
	{"a name of a tool with a dot", "claude/claude-sonnet-4-6", toOpenAI,
		asked(`{'role':'user','content':'y'}`) + `,'tools':[{'type':'function','function':{'name':'files.open'}}],'tool_choice':'required'`,
		"", []string{`files_open`}, []string{"files.open"}, "files.open"},
	{"an effort, where thinking is adaptive alone", "claude/claude-opus-4-7", toOpenAI,
		asked(`{'role':'user','content':'y'}`) + `,'reasoning_effort':'high'`, "", []string{`'thinking':{'type':'adaptive'}`, `'effort':'high'`}, []string{"budget_tokens"}, ""},
	{"a budget, where thinking is adaptive alone", "claude/claude-opus-4-8", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'thinking':{'type':'enabled','budget_tokens':1024}`, "thinking.budget_tokens", []string{`'thinking':{'type':'adaptive'}`}, []string{"budget_tokens"}, ""},
	{"adaptive thinking, where there is a budget alone", "claude/claude-sonnet-4-5", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'thinking':{'type':'adaptive'}`, "thinking", []string{`'budget_tokens':1425`}, nil, ""},
	{"thinking, where the model does not reason", "gpt/gpt-4o", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'thinking':{'type':'enabled','budget_tokens':1024}`, "thinking", nil, []string{"reasoning_effort"}, ""},
	{"an effort, where the model does not reason", "gpt/gpt-4o", toOpenAI,
		asked(`{'role':'user','content':'y'}`) + `,'reasoning_effort':'low'`, "reasoning_effort", nil, []string{"'reasoning_effort'"}, ""},
	{"an effort without a word of thinking", "gpt/gpt-5", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'output_config':{'effort':'low'}`, "", []string{`'reasoning_effort':'low'`}, nil, ""},
	{"an effort beyond the model's own", "gpt/gpt-5", toClaude,
		asked(`{'role':'user','content':'y'}`) + `,'output_config':{'effort':'max'}`, "output_config.effort", []string{`'reasoning_effort':'high'`}, nil, ""},
}

// TestWhatLeaves holds what of a request reaches a backend that would refuse it as it came:
// the form that the backend takes, as JSON and as a stream, with the losses named.
func TestWhatLeaves(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	all := append(historyCases[:len(historyCases):len(historyCases)], settingCases...)
	text := "version: 1\nunpriced: flag\nbackends:\n"
	for _, b := range []struct{ name, provider string }{
		{"gpt", "openai"}, {"claude", "anthropic"}, {"seek", "deepseek"}, {"groq", "groq"}, {"mistral", "mistral"},
	} {
		text += fmt.Sprintf("  %s: {provider: %s, url: %q, credential: {env: %s}}\n", b.name, b.provider, p.URL, gatewaytest.BackendKeyName)
	}
	text += "models:\n"
	for i := range all {
		chain, drops := strings.CutSuffix(all[i].to, "!")
		unfit := map[bool]string{false: "refuse", true: "drop"}[drops]
		text += fmt.Sprintf("  case-%d: {chain: [%s], retries: 0, unfit: %s}\n", i, chain, unfit)
	}
	text += "models_like:\n  mine: {schema: anthropic}\n"
	g := gatewaytest.Start(t, text, gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	for i := range all {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stream %t", all[i].name, stream), func(t *testing.T) {
				all[i].play(t, g.With(t), p.With(t), fmt.Sprintf("case-%d", i), stream)
			})
		}
	}
}

func (c *leavingCase) play(t *testing.T, g *gatewaytest.Gateway, p *gatewaytest.Provider, model string, stream bool) {
	mark := fmt.Sprintf("%s as %t", c.name, stream)
	body := fmt.Sprintf(`{"model":%q,"stream":%t,%s}`, model, stream, strings.ReplaceAll(strings.ReplaceAll(c.members, `'`, `"`), "MARK", mark))
	a := g.Ask(gatewaytest.ChatRequest(c.path, body, "", "anthropic-version", "2023-06-01"))
	if a.Status != http.StatusOK || a.Err != nil {
		t.Fatalf("%d %v %s", a.Status, a.Err, a.Body)
	}
	if got := a.Header.Get("x-headgate-dropped"); got != c.dropped {
		t.Errorf("dropped %q, want %q", got, c.dropped)
	}
	var out bytes.Buffer
	if err := json.Compact(&out, p.Find(mark).Body); err != nil {
		t.Fatal(err)
	}
	sent := strings.ReplaceAll(out.String(), `"`, `'`)
	for _, want := range c.sent {
		if !strings.Contains(sent, want) {
			t.Errorf("the provider did not get %s: %s", want, sent)
		}
	}
	for _, bad := range c.kept {
		if strings.Contains(sent, bad) {
			t.Errorf("the provider got %s: %s", bad, sent)
		}
	}
	if !strings.Contains(string(a.Body), c.answer) {
		t.Errorf("the client did not get %s: %s", c.answer, a.Body)
	}
}
