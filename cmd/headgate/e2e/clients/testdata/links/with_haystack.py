"""Haystack's generators for OpenAI and Anthropic, and its agent."""

import os

import anthropic
import openai
from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage, ImageContent
from haystack.tools import create_tool_from_function
from haystack.utils import Secret
from haystack_integrations.components.generators.anthropic import AnthropicChatGenerator
from play import AGENT, BASE, IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, asks, case, play, raises
from shapes import Plan

os.environ["ANTHROPIC_BASE_URL"] = BASE  # it has no argument for it


def get_weather(city: str, days: int = 1) -> str:
    """Tells the weather."""
    return "sunny"


TOOL = create_tool_from_function(get_weather)


class Left(Exception):
    """Raised by who reads no further."""


def cases(kind, generator, sdk, thinks):
    def llm(m, stream=False, **more):
        back = (lambda chunk: None) if stream else None
        return generator(model=m, streaming_callback=back, max_retries=0, generation_kwargs={**AGENT, **more})

    def ask(m, content, stream=False, **more):
        return llm(m, stream, **more).run([ChatMessage.from_system("Be brief."), content])["replies"][0].text

    def cancel(m):
        def leave(chunk):
            if chunk.content:
                raise Left

        model = generator(model=m, streaming_callback=leave, max_retries=0, generation_kwargs=AGENT)
        raises(Left, lambda: model.run([ChatMessage.from_user(STANDS_STILL)]))

    def loop(m, stream, **more):
        messages = []
        for turn in range(TURNS):
            messages.append(ChatMessage.from_user(asks(turn)))
            messages = Agent(chat_generator=llm(m, stream, **more), tools=[TOOL]).run(messages=messages)["messages"]
            assert messages[-1].text
        assert len(messages) >= TURNS * 4

    def add(name, f, needs=None):
        case(f, name=f"{kind} {name}", needs=needs)

    hello = ChatMessage.from_user("Hello")
    add("text", lambda m: ask(m, hello) or 1 / 0)
    add("text_stream", lambda m: ask(m, hello, True) or 1 / 0)
    add("tools", lambda m: loop(m, False))
    add("tools_stream", lambda m: loop(m, True))
    add("thinking_stream", lambda m: loop(m, True, **thinks))
    picture = ChatMessage.from_user(content_parts=["What?", ImageContent(IMAGE, mime_type="image/png")])
    add("image", lambda m: ask(m, picture) or 1 / 0, "images")
    if kind == "chat":
        plan = ChatMessage.from_user("A plan.")
        add("structured", lambda m: Plan.model_validate_json(ask(m, plan, response_format=Plan)), "schemas")
    add("cancel", cancel)
    add("not_found", lambda m: raises(sdk.NotFoundError, lambda: ask("no-such-model", hello)))
    add("limited", lambda m: raises(sdk.RateLimitError, lambda: ask(m.alone, ChatMessage.from_user(LIMITED))))


def by_openai(**more):
    return OpenAIChatGenerator(api_base_url=OPENAI, api_key=Secret.from_token(KEY), **more)


def by_anthropic(**more):
    return AnthropicChatGenerator(api_key=Secret.from_token(KEY), **more)


cases("chat", by_openai, openai, {"reasoning_effort": "low"})
cases("messages", by_anthropic, anthropic, {"thinking": {"type": "enabled", "budget_tokens": 1024}})
play("Haystack", "haystack-ai")
