"""LlamaIndex's OpenAILike, OpenAIResponses and Anthropic."""

import asyncio

import anthropic
import openai
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
from llama_index.core.tools import FunctionTool
from llama_index.llms.anthropic import Anthropic
from llama_index.llms.openai import OpenAIResponses
from llama_index.llms.openai_like import OpenAILike
from play import AGENT, BASE, IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, asks, case, play, raises
from shapes import Plan


def get_weather(city: str, days: int = 1) -> str:
    """Tells the weather."""
    return "sunny"


TOOL = FunctionTool.from_defaults(get_weather)


def by_openai(m, **more):
    return OpenAILike(
        model=m, api_base=OPENAI, api_key=KEY, is_chat_model=True, is_function_calling_model=True,
        max_retries=0, timeout=20, **{**AGENT, **more},
    )


def by_responses(m, **more):
    settings = {"temperature": AGENT["temperature"], "max_output_tokens": AGENT["max_tokens"], **more}
    return OpenAIResponses(model=m, api_base=OPENAI, api_key=KEY, context_window=100_000, max_retries=0, timeout=20, **settings)


def by_anthropic(m, **more):
    return Anthropic(model=getattr(m, "claude", m), base_url=BASE, api_key=KEY, max_retries=0, timeout=20, **{**AGENT, **more})


def loop(model, stream):
    messages = [ChatMessage("Use tools.", role="system")]
    for turn in range(TURNS):
        messages.append(ChatMessage(asks(turn)))
        for _ in range(2):
            args = {"chat_history": messages, "allow_parallel_tool_calls": True}
            got = list(model.stream_chat_with_tools([TOOL], **args))[-1] if stream else model.chat_with_tools([TOOL], **args)
            messages.append(got.message)
            for c in model.get_tool_calls_from_response(got, error_on_no_tool_call=False):
                messages.append(ChatMessage("sunny", role="tool", additional_kwargs={"tool_call_id": c.tool_id}))
        assert got.message.content
    assert len(messages) == 1 + TURNS * 5


def cases(kind, llm, thinks):
    def add(name, f, needs=None):
        case(f, name=f"{kind} {name}", needs=needs)

    def text(m):
        assert llm(m).chat([ChatMessage("Be brief.", role="system"), ChatMessage("Hello")]).message.content
        assert llm(m).complete("Hello").text

    def text_stream(m):
        assert "".join(c.delta or "" for c in llm(m).stream_chat([ChatMessage("Hello")]))

    def agent_stream(m):
        async def run():
            return await FunctionAgent(tools=[TOOL], llm=llm(m), system_prompt="Help.").run(asks(0))

        assert str(asyncio.run(run()))

    def image(m):
        blocks = [TextBlock(text="What?"), ImageBlock(image=IMAGE.encode(), image_mimetype="image/png")]
        assert llm(m).chat([ChatMessage(role="user", blocks=blocks)]).message.content

    def structured(m):
        plan = llm(m).as_structured_llm(Plan)
        try:
            got = plan.complete("A plan.")
        except ValueError:  # it offers a tool and does not force it
            got = plan.complete("A plan. [[sim tool=Plan]]")
        assert isinstance(got.raw, Plan)

    def cancel(m):
        stream = llm(m).stream_chat([ChatMessage(STANDS_STILL)])
        next(c for c in stream if c.delta)
        stream.close()

    add("text", text)
    add("text_stream", text_stream)
    add("tools", lambda m: loop(llm(m), False))
    add("tools_stream", lambda m: loop(llm(m), True))
    add("agent_stream", agent_stream)
    add("thinking", lambda m: loop(llm(m, **thinks), False))
    add("structured", structured, "schemas")
    add("image", image, "images")
    add("cancel", cancel)


cases("chat", by_openai, {"reasoning_effort": "low"})
cases("responses", by_responses, {"reasoning_options": {"effort": "low", "summary": "auto"}})
cases("messages", by_anthropic, {"thinking_dict": {"type": "enabled", "budget_tokens": 1024}, "temperature": 1})
case(lambda m: raises(openai.NotFoundError, lambda: by_openai("no-such-model").complete("x")), name="chat not_found")
case(lambda m: raises(openai.RateLimitError, lambda: by_openai(m.alone).complete(LIMITED)), name="chat limited")
case(lambda m: raises(anthropic.NotFoundError, lambda: by_anthropic("claude-3-haiku-20240307").complete("x")), name="messages not_found")
play("LlamaIndex", "llama-index-core")
