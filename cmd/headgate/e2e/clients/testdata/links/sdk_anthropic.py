"""Anthropic's client, unchanged but for its base URL, at every link."""

import anthropic
from play import BASE, IMAGE, KEY, LIMITED, STANDS_STILL, TURNS, asks, case, play, raises
from shapes import PARAMETERS, Plan

client = anthropic.Anthropic(base_url=BASE, api_key=KEY, max_retries=0, timeout=20)
# Versions from 2 on have no argument for the temperature.
AGENT = {"max_tokens": 4096, "extra_body": {"temperature": 0}}
THINKS = {"type": "enabled", "budget_tokens": 2000}
WEATHER = {"name": "get_weather", "description": "Tells the weather.", "input_schema": PARAMETERS}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}}
DOCUMENT = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"}}


def user(content):
    return [{"role": "user", "content": content}]


def said(message):
    return "".join(b.text for b in message.content if b.type == "text")


def ask(model, content="Hello", **more):
    return client.messages.create(model=model, messages=user(content), **{"max_tokens": 4096, **more})


@case
def text(m):
    got = ask(m, system="Be brief.", **AGENT)
    assert said(got) and got.usage.output_tokens


@case
def text_stream(m):
    system = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    with client.messages.stream(model=m, system=system, messages=user("Hello"), **AGENT) as s:
        got = s.get_final_message()
    assert said(got) and got.usage.output_tokens and got.usage.input_tokens


@case
def tuned(m):
    assert said(ask(m, stop_sequences=["\n\nHuman:"], metadata={"user_id": "u"}, service_tier="auto", extra_body={"temperature": 0.3, "top_k": 40}))
    assert said(ask(m, extra_body={"top_p": 0.9}))


@case
def effort(m):
    for e in ("low", "medium", "high", "xhigh", "max"):
        assert said(ask(m, output_config={"effort": e}))
    assert said(ask(m, thinking={"type": "disabled"}))


def loop(m, stream, **more):
    messages = []
    for turn in range(TURNS):
        messages += user(asks(turn))
        for _ in range(2):
            got = answer(stream, model=m, messages=messages, tools=[WEATHER], **more)
            content = [b.model_dump(exclude_none=True) for b in got.content] if turn % 2 else got.content
            messages.append({"role": "assistant", "content": content})
            calls = [b.id for b in got.content if b.type == "tool_use"]
            if calls:
                messages += user([{"type": "tool_result", "tool_use_id": c, "content": [{"type": "text", "text": "sunny"}]} for c in calls])
        assert said(got)
    assert len(messages) == TURNS * 4


def answer(stream, **params):
    if not stream:
        return client.messages.create(**params)
    with client.messages.stream(**params) as s:
        return s.get_final_message()


@case
def tools(m):
    loop(m, False, **AGENT)


@case
def tools_stream(m):
    loop(m, True, tool_choice={"type": "auto"}, **AGENT)


@case
def thinking(m):
    loop(m, False, thinking=THINKS, **AGENT)


@case
def thinking_stream(m):
    loop(m, True, thinking={"type": "adaptive"}, **AGENT)


@case
def forced(m):
    for choice in ({"type": "any"}, {"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True}):
        got = ask(m, tools=[WEATHER], tool_choice=choice, **AGENT)
        assert [b.name for b in got.content if b.type == "tool_use"][0] == "get_weather"


@case(needs="schemas")
def structured(m):
    got = client.messages.parse(model=m, max_tokens=4096, messages=user("A plan."), output_format=Plan)
    assert isinstance(got.parsed_output, Plan)


@case(needs="schemas")
def structured_stream(m):
    with client.messages.stream(model=m, max_tokens=4096, messages=user("A plan."), output_format=Plan) as s:
        assert isinstance(s.get_final_message().parsed_output, Plan)


@case(needs="images")
def image(m):
    assert said(ask(m, [{"type": "text", "text": "What?"}, PICTURE], **AGENT))


@case
def pdf(m):
    assert said(ask(m, [{"type": "text", "text": "What?"}, DOCUMENT], **AGENT))


@case(needs="images")
def image_in_a_result(m):
    messages = user("See. [[sim tools=1]]")
    got = answer(False, model=m, messages=messages, tools=[WEATHER], **AGENT)
    call = [b for b in got.content if b.type == "tool_use"][0]
    messages.append({"role": "assistant", "content": got.content})
    messages += user([{"type": "tool_result", "tool_use_id": call.id, "content": [PICTURE]}])
    assert said(answer(False, model=m, messages=messages, tools=[WEATHER], **AGENT))


@case(needs="threads")
def runner(m):
    @anthropic.beta_tool
    def get_weather(city: str, days: int = 1) -> str:
        """Tells the weather.

        Args:
            city: its name
            days: how many
        """
        return "sunny"

    # It has the server hold the conversation, if that can.
    run = client.beta.messages.tool_runner(model=m, max_tokens=4096, tools=[get_weather], messages=user(asks(0)))
    assert said(run.until_done())


@case
def not_found(m):
    raises(anthropic.NotFoundError, lambda: ask("no-such-model"))


@case
def limited(m):
    e = raises(anthropic.RateLimitError, lambda: ask(m.alone, LIMITED))
    assert e.response.headers["retry-after"] == "2"


@case
def cancel(m):
    with client.messages.stream(model=m, messages=user(STANDS_STILL), **AGENT) as s:
        next(s.text_stream)


play("Anthropic SDK for Python", "anthropic", api="messages")
