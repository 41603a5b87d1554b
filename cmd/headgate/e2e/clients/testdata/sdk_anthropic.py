"""Runs the official Anthropic client against a gateway, unchanged but for its
base URL, and prints what each case gave as one JSON object: {case: result}. The
test beside this folder judges it."""

import json
import sys

import anthropic

base_url = sys.argv[1]
client = anthropic.Anthropic(base_url=base_url, api_key="sk-client", max_retries=0, timeout=15)
TOOLS = [
    {
        "name": "get_weather",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
]


def user(text):
    return [{"role": "user", "content": text}]


def ask(text, model="renamed-claude", **more):
    return client.messages.create(model=model, max_tokens=512, messages=user(text), **more)


def plain():
    got = ask("py plain")
    return {
        "text": got.content[0].text,
        "model": got.model,
        "input": got.usage.input_tokens,
        "output": got.usage.output_tokens,
    }


def streamed():
    with client.messages.stream(model="renamed-claude", max_tokens=512, messages=user("py streamed")) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    return {"text": text, "finish": final.stop_reason, "output": final.usage.output_tokens}


def tools():
    messages = user("Weather in two towns? [[sim tools=2]]")
    first = client.messages.create(model="renamed-claude", max_tokens=512, messages=messages, tools=TOOLS)
    calls = [b for b in first.content if b.type == "tool_use"]
    messages.append({"role": "assistant", "content": first.content})
    results = [{"type": "tool_result", "tool_use_id": c.id, "content": "sunny"} for c in calls]
    messages.append({"role": "user", "content": results})
    then = client.messages.create(model="renamed-claude", max_tokens=512, messages=messages, tools=TOOLS)
    return {
        "names": [c.name for c in calls],
        "arguments": all(isinstance(c.input, dict) for c in calls),
        "text": then.content[0].text,
    }


def count():
    return {"input": client.messages.count_tokens(model="renamed-claude", messages=user("count these words")).input_tokens}


def models():
    return {"first": client.models.list().data[0].id, "one": client.models.retrieve("plain-claude").id}


def aborted():
    stream = ask("py aborts [[sim hang=4]]", model="plain-claude", stream=True)
    for _ in range(3):
        next(stream)
    stream.close()
    return {}


def broken():
    for _ in ask("py breaks [[sim cut=5 pause=20ms]]", model="plain-claude", stream=True):
        pass
    return {}


def raises(directive, model="plain-claude", stream=False, **options):
    def case():
        got = client.with_options(**options).messages.create(
            model=model, max_tokens=512, stream=stream, messages=user("py raises [[sim " + directive + "]]")
        )
        return {"events": len(list(got))} if stream else {}

    return case


def unreachable():
    dead = anthropic.Anthropic(base_url="http://127.0.0.1:1", api_key="x", max_retries=0)
    return dead.models.list()


CASES = {
    "plain": plain,
    "streamed": streamed,
    "tools": tools,
    "count": count,
    "models": models,
    "aborted": aborted,
    "broken": broken,
    "400": raises("status=400"),
    "401": raises("status=401"),
    "403": raises("status=403"),
    "404": raises("status=404"),
    "no model": raises("status=400", model="nothing"),
    "429": raises("status=429 retry-after=7"),
    "500": raises("status=500", model="once-claude"),
    "529": raises("status=529", model="once-claude"),
    "error in the stream": raises("error=3", stream=True),
    "gateway timeout": raises("hang=headers", model="fast-claude"),
    "timeout": raises("hang=headers", timeout=0.3),
    "unreachable": unreachable,
}


def run(case):
    try:
        return case()
    except anthropic.APIStatusError as e:
        kind = e.body.get("error", {}).get("type") if isinstance(e.body, dict) else None
        return {
            "raised": type(e).__name__,
            "status": e.status_code,
            "kind": kind,
            "retry_after": e.response.headers.get("retry-after"),
        }
    except Exception as e:
        return {"raised": type(e).__name__}


print(json.dumps({name: run(case) for name, case in CASES.items()}))
