"""OpenAI's client by its Responses API, unchanged but for its base URL, at every link."""

import json

import openai
from play import IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, asks, case, play, raises
from shapes import PARAMETERS, Plan

client = openai.OpenAI(base_url=OPENAI, api_key=KEY, max_retries=0, timeout=20)
AGENT = {"temperature": 0, "max_output_tokens": 4096}
WEATHER = {"type": "function", "name": "get_weather", "description": "Tells the weather.", "parameters": PARAMETERS, "strict": False}
NOTE = {"type": "custom", "name": "note", "description": "Takes a note."}


def ask(model, content="Hello", **more):
    return client.responses.create(model=model, input=content, **more)


def user(content):
    return [{"role": "user", "content": content}]


@case
def text(m):
    got = ask(m, instructions="Be brief.", **AGENT)
    assert got.output_text and got.status == "completed" and got.usage.output_tokens


@case
def text_stream(m):
    with client.responses.stream(model=m, input="Hello", **AGENT) as s:
        got = "".join(e.delta for e in s if e.type == "response.output_text.delta")
        assert got and s.get_final_response().output_text == got


@case
def tuned(m):
    got = ask(
        m, temperature=0.2, top_p=0.9, max_output_tokens=2000, user="u", metadata={"a": "b"}, service_tier="auto",
        truncation="disabled", store=False, parallel_tool_calls=True, text={"verbosity": "low"},
    )
    assert got.output_text


@case
def effort(m):
    for e in ("none", "minimal", "low", "high", "xhigh"):
        assert ask(m, reasoning={"effort": e, "summary": "auto"}, max_output_tokens=4000).output_text


def answer(stream, **params):
    if not stream:
        return client.responses.create(**params)
    with client.responses.stream(**params) as s:
        return s.get_final_response()


def loop(m, stream, **more):
    """The whole history is sent each time, as of who keeps nothing at the server."""
    items = [{"role": "developer", "content": "Use tools."}]
    for turn in range(TURNS):
        items += user(asks(turn))
        for _ in range(2):
            got = answer(stream, model=m, input=items, tools=[WEATHER], **more)
            items += [i.model_dump(exclude_none=True) if turn % 2 else i for i in got.output]
            for i in got.output:
                if i.type == "function_call":
                    json.loads(i.arguments)
                    items.append({"type": "function_call_output", "call_id": i.call_id, "output": "sunny"})
        assert got.output_text
    assert len(items) >= 1 + TURNS * 6


@case
def tools(m):
    loop(m, False, store=False, **AGENT)


@case
def tools_stream(m):
    loop(m, True, store=False, tool_choice="auto", **AGENT)


@case
def tools_with_effort(m):
    loop(m, False, store=False, include=["reasoning.encrypted_content"], reasoning={"effort": "low", "summary": "auto"})


@case
def tools_with_effort_stream(m):
    loop(m, True, store=False, include=["reasoning.encrypted_content"], reasoning={"effort": "low"})


@case
def forced(m):
    for choice in ("required", {"type": "function", "name": "get_weather"}):
        got = ask(m, tools=[WEATHER], tool_choice=choice, **AGENT)
        assert [i.name for i in got.output if i.type == "function_call"][0] == "get_weather"


@case
def custom_tool(m):
    for stream in (False, True):
        items = user("Note it. [[sim tool=note]]")
        got = answer(stream, model=m, input=items, tools=[NOTE], store=False, **AGENT)
        calls = [i for i in got.output if i.type == "custom_tool_call"]
        assert calls[0].name == "note" and calls[0].input
        items += got.output
        items += [{"type": "custom_tool_call_output", "call_id": c.call_id, "output": "noted"} for c in calls]
        assert answer(stream, model=m, input=items, tools=[NOTE], store=False, **AGENT).output_text


@case(needs="schemas")
def structured(m):
    assert isinstance(client.responses.parse(model=m, input="A plan.", text_format=Plan, temperature=0).output_parsed, Plan)


@case(needs="schemas")
def structured_stream(m):
    assert isinstance(answer(True, model=m, input="A plan.", text_format=Plan).output_parsed, Plan)


@case
def json_mode(m):
    json.loads(ask(m, "Answer in JSON. [[sim text={}]]", text={"format": {"type": "json_object"}}).output_text)


def media(part):
    return lambda m: ask(m, user([{"type": "input_text", "text": "What?"}, part]), **AGENT).output_text or 1 / 0


@case
def cancel(m):
    with ask(m, STANDS_STILL, stream=True) as stream:
        next(e for e in stream if e.type == "response.output_text.delta")


@case
def not_found(m):
    assert raises(openai.NotFoundError, lambda: ask("no-such-model")).code == "model_not_found"


@case
def limited(m):
    e = raises(openai.RateLimitError, lambda: ask(m.alone, LIMITED))
    assert e.response.headers["retry-after"] == "2"


case(media({"type": "input_image", "image_url": "data:image/png;base64," + IMAGE, "detail": "auto"}), name="image", needs="images")
case(media({"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjQK"}), name="pdf")
play("OpenAI SDK for Python", "openai", api="responses")
