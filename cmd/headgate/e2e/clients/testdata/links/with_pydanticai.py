"""Pydantic AI's models for chat completions, Responses and Anthropic."""

import asyncio
import base64

import anthropic
import openai
from play import AGENT, BASE, IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, asks, case, play, raises
from pydantic_ai import Agent, BinaryContent, NativeOutput, ToolOutput
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from shapes import Plan

PICKS = "A plan. [[sim tool=final_result]]"


def by_openai(m):
    client = openai.AsyncOpenAI(base_url=OPENAI, api_key=KEY, max_retries=0)
    return OpenAIChatModel(m, provider=OpenAIProvider(openai_client=client))


def by_responses(m):
    """What it takes by itself for a model of OpenAI's."""
    client = openai.AsyncOpenAI(base_url=OPENAI, api_key=KEY, max_retries=0)
    return OpenAIResponsesModel(m, provider=OpenAIProvider(openai_client=client))


def by_anthropic(m):
    client = anthropic.AsyncAnthropic(base_url=BASE, api_key=KEY, max_retries=0)
    return AnthropicModel(m, provider=AnthropicProvider(anthropic_client=client))


def cases(kind, model):
    def add(name, f, needs=None):
        case(f, name=f"{kind} {name}", needs=needs)

    def agent(m, output=str, **settings):
        a = Agent(model(m), output_type=output, system_prompt="Be brief.", model_settings={**AGENT, **settings})

        @a.tool_plain
        def get_weather(city: str, days: int = 1) -> str:
            """Tells the weather."""
            return "sunny"

        return a

    def streamed(a, ask, history=None):
        async def run():
            async with a.run_stream(ask, message_history=history) as s:
                return await s.get_output(), s.all_messages()

        return asyncio.run(run())

    def loop(m, stream, **settings):
        history = None
        for turn in range(TURNS):
            a = agent(m, **settings)
            if stream:
                output, history = streamed(a, asks(turn), history)
            else:
                got = a.run_sync(asks(turn), message_history=history)
                output, history = got.output, got.all_messages()
            assert output
        assert len(history) >= TURNS * 4

    def cancel(m):
        async def run():
            async with agent(m).run_stream(STANDS_STILL) as s:
                async for _ in s.stream_text(debounce_by=None):
                    break

        asyncio.run(run())

    def status(code, m, ask="x"):
        assert raises(ModelHTTPError, lambda: agent(m).run_sync(ask)).status_code == code

    def shown(media, kind):
        return lambda m: agent(m).run_sync(["What?", BinaryContent(media, media_type=kind)])

    add("text", lambda m: agent(m).run_sync("Hello"))
    add("text_stream", lambda m: streamed(agent(m), "Hello"))
    add("tools", lambda m: loop(m, False))
    add("tools_stream", lambda m: loop(m, True))
    add("thinking", lambda m: loop(m, False, thinking="low", max_tokens=6000))
    add("thinking_stream", lambda m: loop(m, True, thinking="low", max_tokens=6000))
    add("structured", lambda m: agent(m, ToolOutput(Plan)).run_sync(PICKS).output.score)
    add("structured_stream", lambda m: streamed(agent(m, ToolOutput(Plan)), PICKS)[0].score)
    if kind != "messages":
        add("native", lambda m: agent(m, NativeOutput(Plan)).run_sync("A plan.").output.score, "schemas")
    add("image", shown(base64.b64decode(IMAGE), "image/png"), "images")
    add("pdf", shown(b"%PDF-1.4\n", "application/pdf"))
    add("cancel", cancel)
    add("not_found", lambda m: status(404, "no-such-model"))
    add("limited", lambda m: status(429, m.alone, LIMITED))


cases("chat", by_openai)
cases("responses", by_responses)
cases("messages", by_anthropic)
play("Pydantic AI", "pydantic-ai-slim")
