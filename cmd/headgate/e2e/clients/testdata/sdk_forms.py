"""Asks for streams and for JSON, and gets the other form or a label that lies, by the official
clients of OpenAI and Anthropic. It prints what they made of each as one JSON object:
{case: result}. The test beside this folder judges it."""

import json
import sys

import anthropic
import openai

root = sys.argv[1]
chat = openai.OpenAI(base_url=root + "/v1", api_key="sk-client", max_retries=0, timeout=15)
claude = anthropic.Anthropic(base_url=root, api_key="sk-client", max_retries=0, timeout=15)

QUESTION = "What is the weather in Oslo?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SIMS = {
    True: ["", "form=json", "form=json;type=text/event-stream", "form=json;type=none", "type=application/json", "type=text/plain", "bom", "form=json;bom"],
    False: ["", "form=stream", "form=stream;type=application/json", "form=stream;type=text/plain", "type=text/event-stream", "type=none", "bom"],
}


def chat_answer(model, sim, stream):
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]
    more = {"stream_options": {"include_usage": True}} if stream else {}
    got = chat.chat.completions.create(model=model, messages=[{"role": "user", "content": QUESTION}], tools=tools, stream=stream, extra_headers={"x-sim": sim}, **more)
    if not stream:
        choice = got.choices[0]
        calls = [[c.function.name, json.loads(c.function.arguments)] for c in choice.message.tool_calls or []]
        return [choice.message.content or "", calls, choice.finish_reason, got.usage.prompt_tokens, got.usage.completion_tokens]
    text, calls, finish, usage = "", {}, None, None
    for chunk in got:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
            for c in choice.delta.tool_calls or []:
                call = calls.setdefault(c.index, ["", ""])
                call[0] += c.function.name or ""
                call[1] += c.function.arguments or ""
    return [text, [[name, json.loads(args)] for name, args in calls.values()], finish, usage.prompt_tokens, usage.completion_tokens]


def response(model, sim, stream):
    tools = [{"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": False}]
    got = chat.responses.create(model=model, input=QUESTION, tools=tools, stream=stream, store=False, extra_headers={"x-sim": sim})
    if stream:
        got = [event for event in got if event.type == "response.completed"][0].response
    calls = [[item.name, json.loads(item.arguments)] for item in got.output if item.type == "function_call"]
    return [got.output_text, calls, got.status, got.usage.input_tokens, got.usage.output_tokens]


def message(model, sim, stream):
    asked = dict(
        model=model, max_tokens=500, messages=[{"role": "user", "content": QUESTION}], extra_headers={"x-sim": sim},
        tools=[{"name": "get_weather", "input_schema": SCHEMA}],
    )
    if stream:
        with claude.messages.stream(**asked) as events:
            got = events.get_final_message()
    else:
        got = claude.messages.create(**asked)
    text = "".join(b.text for b in got.content if b.type == "text")
    calls = [[b.name, b.input] for b in got.content if b.type == "tool_use"]
    return [text, calls, got.stop_reason, got.usage.input_tokens, got.usage.output_tokens]


def main():
    results = {}
    for ask in (chat_answer, response, message):
        for model in ("plain", "plain-claude", "chain", "chain-claude", "guarded"):
            for stream, sims in SIMS.items():
                for sim in sims:
                    for what in ("text=Sunny.", "tool=get_weather"):
                        try:
                            made = {"made": ask(model, what + ";" + sim if sim else what, stream)}
                        except Exception as e:
                            made = {"raised": repr(e)}
                        results[f"{ask.__name__} {model} {'stream' if stream else 'JSON'} {what}|{sim}"] = made
    print(json.dumps(results))


main()
