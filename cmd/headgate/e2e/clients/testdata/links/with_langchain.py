"""LangChain's ChatOpenAI and ChatAnthropic."""

import anthropic
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from play import AGENT, BASE, IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, asks, case, play, raises
from shapes import Plan


@tool
def get_weather(city: str, days: int = 1) -> str:
    """Tells the weather."""
    return "sunny"


def by_openai(m, **more):
    return ChatOpenAI(model=m, base_url=OPENAI, api_key=KEY, max_retries=0, timeout=20, stream_usage=True, **{**AGENT, **more})


def by_anthropic(m, **more):
    return ChatAnthropic(model_name=m, base_url=BASE, api_key=KEY, max_retries=0, timeout=20, **{**AGENT, **more})


def joined(stream):
    total = None
    for c in stream:
        total = c if total is None else total + c
    return total


def loop(model, stream):
    model = model.bind_tools([get_weather])
    messages = [SystemMessage("Use tools.")]
    for turn in range(TURNS):
        messages.append(HumanMessage(asks(turn)))
        for _ in range(2):
            got = joined(model.stream(messages)) if stream else model.invoke(messages)
            messages.append(got)
            messages += [get_weather.invoke(c) for c in got.tool_calls]
        assert got.text
    assert len(messages) == 1 + TURNS * 5


def cases(kind, chat, sdk, thinks):
    def add(name, f, needs=None):
        case(f, name=f"{kind} {name}", needs=needs)

    def text(m):
        got = chat(m).invoke([SystemMessage("Be brief."), HumanMessage("Hello")])
        assert got.text and got.usage_metadata["output_tokens"]

    def text_stream(m):
        got = joined(chat(m).stream("Hello"))
        assert got.text and got.usage_metadata["output_tokens"]

    def stop(m):
        assert chat(m).invoke("Hello", stop=["###"]).text

    def structured(method):
        def run(m):
            assert isinstance(chat(m).with_structured_output(Plan, method=method).invoke("A plan."), Plan)

        return run

    def structured_stream(m):
        got = list(chat(m).with_structured_output(Plan).stream("A plan."))
        assert isinstance(got[-1], Plan)

    def media(part):
        return lambda m: chat(m).invoke([HumanMessage([{"type": "text", "text": "What?"}, part])]).text or 1 / 0

    add("text", text)
    add("text_stream", text_stream)
    add("stop", stop)
    add("tools", lambda m: loop(chat(m), False))
    add("tools_stream", lambda m: loop(chat(m), True))
    add("thinking", lambda m: loop(chat(m, **thinks), False))
    add("thinking_stream", lambda m: loop(chat(m, **thinks), True))
    add("structured by tools", structured("function_calling"))
    add("structured", structured("json_schema"), "schemas")
    add("structured_stream", structured_stream, "schemas")
    add("image", media({"type": "image", "base64": IMAGE, "mime_type": "image/png"}), "images")
    add("pdf", media({"type": "file", "base64": "JVBERi0xLjQK", "mime_type": "application/pdf", "filename": "a.pdf"}))
    def cancel(m):
        stream = chat(m).stream(STANDS_STILL)
        next(c for c in stream if c.text)
        stream.close()

    add("cancel", cancel)
    add("not_found", lambda m: raises(sdk.NotFoundError, lambda: chat("no-such-model").invoke("x")))
    add("limited", lambda m: raises(sdk.RateLimitError, lambda: chat(m.alone).invoke(LIMITED)))


cases("chat", by_openai, openai, {"reasoning_effort": "low"})
cases("responses", lambda m, **more: by_openai(m, use_responses_api=True, **more), openai, {"reasoning": {"effort": "low", "summary": "auto"}})
cases("messages", by_anthropic, anthropic, {"thinking": {"type": "enabled", "budget_tokens": 1024}, "temperature": 1})
play("LangChain", "langchain-core")
