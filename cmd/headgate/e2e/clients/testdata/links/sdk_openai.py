"""OpenAI's client, unchanged but for its base URL, at every link."""

import json

import openai
from play import AGENT, IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, asks, case, play, raises
from shapes import PARAMETERS, Plan

client = openai.OpenAI(base_url=OPENAI, api_key=KEY, max_retries=0, timeout=20)
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Tells the weather.", "parameters": PARAMETERS}}


def user(content):
    return [{"role": "user", "content": content}]


def ask(model, content="Hello", **more):
    return client.chat.completions.create(model=model, messages=user(content), **more)


@case
def text(m):
    got = ask(m, **AGENT)
    assert got.choices[0].message.content and got.usage.completion_tokens


@case
def text_stream(m):
    chunks = list(ask(m, stream=True, stream_options={"include_usage": True}, **AGENT))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert chunks[-1].usage.completion_tokens


@case
def tuned(m):
    got = ask(
        m, temperature=0.2, top_p=0.9, presence_penalty=0.1, frequency_penalty=0.1, seed=3, stop=["\n\nHuman:"],
        max_completion_tokens=2000, user="u", n=1, logit_bias={}, store=False, metadata={"a": "b"}, service_tier="auto",
    )
    assert got.choices[0].message.content


@case
def effort(m):
    for e in ("none", "minimal", "low", "high", "xhigh"):
        assert ask(m, reasoning_effort=e, max_completion_tokens=4000).choices[0].message.content


@case
def logprobs(m):
    assert ask(m, logprobs=True, top_logprobs=2).choices[0].message.content


def loop(m, stream, **more):
    messages = [{"role": "developer", "content": "Use tools."}]
    for turn in range(TURNS):
        messages += user(asks(turn))
        for _ in range(2):
            message = answer(stream, model=m, messages=messages, tools=[WEATHER], **more)
            messages.append(message.model_dump(exclude_none=True) if turn % 2 else message)
            for call in message.tool_calls or []:
                json.loads(call.function.arguments)
                messages.append({"role": "tool", "tool_call_id": call.id, "content": "sunny"})
        assert message.content
    assert len(messages) == 1 + TURNS * 5


def answer(stream, **params):
    if not stream:
        return client.chat.completions.create(**params).choices[0].message
    with client.chat.completions.stream(**params) as s:
        return s.get_final_completion().choices[0].message


@case
def tools(m):
    loop(m, False, **AGENT)


@case
def tools_stream(m):
    loop(m, True, tool_choice="auto", **AGENT)


@case
def tools_with_effort(m):
    loop(m, False, reasoning_effort="low")


@case
def forced(m):
    for choice in ("required", {"type": "function", "function": {"name": "get_weather"}}):
        got = ask(m, tools=[WEATHER], tool_choice=choice, **AGENT)
        assert got.choices[0].message.tool_calls[0].function.name == "get_weather"


@case
def strict_tool(m):
    got = client.chat.completions.parse(
        model=m, messages=user("A plan. [[sim tools=1]]"), tools=[openai.pydantic_function_tool(Plan)], **AGENT
    )
    assert isinstance(got.choices[0].message.tool_calls[0].function.parsed_arguments, Plan)


@case(needs="schemas")
def structured(m):
    got = client.chat.completions.parse(model=m, messages=user("A plan."), response_format=Plan, temperature=0)
    assert isinstance(got.choices[0].message.parsed, Plan)


@case(needs="schemas")
def structured_stream(m):
    assert isinstance(answer(True, model=m, messages=user("A plan."), response_format=Plan).parsed, Plan)


@case
def json_mode(m):
    got = ask(m, "Answer in JSON. [[sim text={}]]", response_format={"type": "json_object"})
    json.loads(got.choices[0].message.content)


@case(needs="images")
def image(m):
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + IMAGE}}
    assert ask(m, [{"type": "text", "text": "What?"}, part], **AGENT).choices[0].message.content


@case
def pdf(m):
    part = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjQK"}}
    assert ask(m, [{"type": "text", "text": "What?"}, part], **AGENT).choices[0].message.content


@case
def not_found(m):
    assert raises(openai.NotFoundError, lambda: ask("no-such-model")).code == "model_not_found"


@case
def limited(m):
    e = raises(openai.RateLimitError, lambda: ask(m.alone, LIMITED))
    assert e.response.headers["retry-after"] == "2"


@case
def cancel(m):
    with ask(m, STANDS_STILL, stream=True) as stream:
        next(c for c in stream if c.choices and c.choices[0].delta.content)


play("OpenAI SDK for Python", "openai", api="chat")
