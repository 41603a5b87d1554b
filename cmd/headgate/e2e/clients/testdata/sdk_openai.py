"""Runs the official OpenAI client against a gateway, unchanged but for its base
URL, and prints what each case gave as one JSON object: {case: result}. The test
beside this folder judges it."""

import json
import sys

import openai

base_url = sys.argv[1]
client = openai.OpenAI(base_url=base_url, api_key="sk-client", max_retries=0, timeout=15)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


def user(text):
    return [{"role": "user", "content": text}]


def chat(text, model="renamed", **more):
    return client.chat.completions.create(model=model, messages=user(text), **more)


def plain():
    got = chat("py plain")
    return {
        "text": got.choices[0].message.content,
        "model": got.model,
        "input": got.usage.prompt_tokens,
        "output": got.usage.completion_tokens,
    }


def streamed():
    chunks = list(chat("py streamed", stream=True))
    return {
        "text": "".join(c.choices[0].delta.content or "" for c in chunks),
        "finish": chunks[-1].choices[0].finish_reason,
        "usages": sum(c.usage is not None for c in chunks),
    }


def streamed_usage():
    chunks = list(chat("py usage", stream=True, stream_options={"include_usage": True}))
    return {"choices": len(chunks[-1].choices), "output": chunks[-1].usage.completion_tokens}


def tools():
    messages = user("Weather in two towns? [[sim tools=2]]")
    first = client.chat.completions.create(model="renamed", messages=messages, tools=TOOLS)
    calls = first.choices[0].message.tool_calls
    messages.append(first.choices[0].message.model_dump(exclude_none=True))
    messages += [{"role": "tool", "tool_call_id": c.id, "content": "sunny"} for c in calls]
    then = client.chat.completions.create(model="renamed", messages=messages, tools=TOOLS)
    return {
        "names": [c.function.name for c in calls],
        "arguments": all(isinstance(json.loads(c.function.arguments), dict) for c in calls),
        "text": then.choices[0].message.content,
    }


def embeddings():
    # Without an encoding the client asks for base64 and decodes it by itself.
    coded = client.embeddings.create(model="renamed", input="the same words", dimensions=64)
    plain = client.embeddings.create(model="renamed", input="the same words", dimensions=64, encoding_format="float")
    pairs = zip(coded.data[0].embedding, plain.data[0].embedding)
    return {"length": len(coded.data[0].embedding), "same": all(abs(a - b) < 1e-6 for a, b in pairs)}


def models():
    return {"first": client.models.list().data[0].id, "one": client.models.retrieve("plain").id}


def aborted():
    stream = chat("py aborts [[sim hang=4]]", model="plain", stream=True)
    for _ in range(4):
        next(stream)
    stream.close()
    return {}


def broken():
    for _ in chat("py breaks [[sim cut=4 pause=20ms]]", model="plain", stream=True):
        pass
    return {}


def retried():
    eager = client.with_options(max_retries=1)
    got = eager.chat.completions.create(model="plain", messages=user("py retried"), extra_headers={"x-sim": "status=429;retry-after-ms=50"})
    return {"text": got.choices[0].message.content}


def raises(directive, model="plain", **options):
    def case():
        return client.with_options(**options).chat.completions.create(
            model=model, messages=user("py raises [[sim " + directive + "]]")
        )

    return case


def unreachable():
    dead = openai.OpenAI(base_url="http://127.0.0.1:1/v1", api_key="x", max_retries=0)
    return dead.models.list()


CASES = {
    "plain": plain,
    "streamed": streamed,
    "streamed usage": streamed_usage,
    "tools": tools,
    "embeddings": embeddings,
    "models": models,
    "aborted": aborted,
    "broken": broken,
    "retried": retried,
    "400": raises("status=400"),
    "401": raises("status=401"),
    "403": raises("status=403"),
    "404": raises("status=404"),
    "no model": raises("status=400", model="nothing"),
    "409": raises("status=409"),
    "422": raises("status=422"),
    "429": raises("status=429 retry-after=7"),
    "500": raises("status=500", model="once"),
    "gateway timeout": raises("hang=headers", model="fast"),
    "timeout": raises("hang=headers", timeout=0.3),
    "unreachable": unreachable,
}


def run(case):
    try:
        return case()
    except openai.APIStatusError as e:
        return {
            "raised": type(e).__name__,
            "status": e.status_code,
            "code": e.code,
            "kind": e.type,
            "retry_after": e.response.headers.get("retry-after"),
        }
    except Exception as e:
        return {"raised": type(e).__name__}


print(json.dumps({name: run(case) for name, case in CASES.items()}))
