"""Asks a gateway the same twice with the official clients, whole and streamed, and prints what
each answer was as one JSON object: {case: [first, again]}. The test beside this folder judges it."""

import json
import sys

import anthropic
import openai

base_url = sys.argv[1]
chat = openai.OpenAI(base_url=base_url + "/v1", api_key="sk-client", max_retries=0, timeout=15)
claude = anthropic.Anthropic(base_url=base_url, api_key="sk-client", max_retries=0, timeout=15)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
CHAT_TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]
CLAUDE_TOOLS = [{"name": "get_weather", "input_schema": SCHEMA}]


def user(text):
    return [{"role": "user", "content": text}]


def chat_whole(model, text, sim):
    raw = chat.chat.completions.with_raw_response.create(
        model=model, messages=user(text), tools=CHAT_TOOLS, extra_headers={"x-sim": sim}
    )
    got = raw.parse()
    message = got.choices[0].message
    calls = [[c.function.name, json.loads(c.function.arguments)] for c in message.tool_calls or []]
    return said(raw, message.content or None, calls, got.choices[0].finish_reason, got.usage.prompt_tokens, got.usage.completion_tokens)


def chat_streamed(model, text, sim):
    with chat.chat.completions.stream(
        model=model, messages=user(text), tools=CHAT_TOOLS, extra_headers={"x-sim": sim}, stream_options={"include_usage": True}
    ) as stream:
        got = stream.get_final_completion()
        message = got.choices[0].message
        calls = [[c.function.name, json.loads(c.function.arguments)] for c in message.tool_calls or []]
        return said(stream._response, message.content or None, calls, got.choices[0].finish_reason, got.usage.prompt_tokens, got.usage.completion_tokens)


def claude_said(raw, got):
    text = "".join(b.text for b in got.content if b.type == "text") or None
    calls = [[b.name, b.input] for b in got.content if b.type == "tool_use"]
    return said(raw, text, calls, got.stop_reason, got.usage.input_tokens, got.usage.output_tokens)


def claude_whole(model, text, sim):
    raw = claude.messages.with_raw_response.create(
        model=model, max_tokens=512, messages=user(text), tools=CLAUDE_TOOLS, extra_headers={"x-sim": sim}
    )
    return claude_said(raw, raw.parse())


def claude_streamed(model, text, sim):
    with claude.messages.stream(
        model=model, max_tokens=512, messages=user(text), tools=CLAUDE_TOOLS, extra_headers={"x-sim": sim}
    ) as stream:
        return claude_said(stream.response, stream.get_final_message())


def said(raw, text, calls, finish, given, made):
    return {
        "cache": raw.headers.get("x-headgate-cache"),
        "text": text,
        "calls": calls,
        "finish": finish,
        "usage": [given, made],
    }


CASES = {"chat": chat_whole, "chat stream": chat_streamed, "claude": claude_whole, "claude stream": claude_streamed}
results = {}
for model in ["again-openai", "again-anthropic"]:
    for name, ask in CASES.items():
        for kind, sim in {"text": "text=hello", "calls": "tools=2"}.items():
            question = f"py {name} {kind}"
            results[f"{model} {name} {kind}"] = [ask(model, question, sim), ask(model, question, "text=another")]
print(json.dumps(results))
