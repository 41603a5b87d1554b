"""OpenAI's Agents SDK, by its default (Responses) and by its model for chat completions."""

import asyncio

import openai
from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, function_tool, set_default_openai_client, set_tracing_disabled
from play import AGENT, IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, asks, case, play, raises
from shapes import Plan

set_tracing_disabled(True)


def client():
    return openai.AsyncOpenAI(base_url=OPENAI, api_key=KEY, max_retries=0)


def by_responses(m):
    set_default_openai_client(client())
    return m


def by_chat(m):
    return OpenAIChatCompletionsModel(m, client())


@function_tool
def get_weather(city: str, days: int = 1) -> str:
    """Tells the weather."""
    return "sunny"


def run(a, ask, stream=False):
    if not stream:
        return Runner.run_sync(a, ask)

    async def streamed():
        got = Runner.run_streamed(a, ask)
        async for _ in got.stream_events():
            pass
        return got

    return asyncio.run(streamed())


def cases(kind, model):
    def agent(m, settings=AGENT, **more):
        return Agent(**{"name": "a", "instructions": "Be brief.", "model": model(str(m)), "model_settings": ModelSettings(**settings), **more})

    def loop(m, stream, **more):
        history = []
        for turn in range(TURNS):
            got = run(agent(m, tools=[get_weather], **more), history + [{"role": "user", "content": asks(turn)}], stream)
            assert got.final_output
            history = got.to_input_list()
        assert len(history) >= TURNS * 4

    def image(m):
        part = {"type": "input_image", "image_url": "data:image/png;base64," + IMAGE, "detail": "auto"}
        assert run(agent(m), [{"role": "user", "content": [{"type": "input_text", "text": "What?"}, part]}]).final_output

    def handoff(m):
        assert run(agent(m, handoffs=[agent(m, name="other")]), "Go. [[sim tool=transfer_to_other]]").final_output

    def cancel(m):
        async def left():
            got = Runner.run_streamed(agent(m), STANDS_STILL)
            async for e in got.stream_events():
                if e.type == "raw_response_event" and e.data.type == "response.output_text.delta":
                    got.cancel()

        asyncio.run(left())

    def add(name, f, needs=None):
        case(f, name=f"{kind} {name}", needs=needs)

    low = {"reasoning": {"effort": "low"}, "parallel_tool_calls": True}
    add("text", lambda m: run(agent(m), "Hello").final_output or 1 / 0)
    add("text_stream", lambda m: run(agent(m), "Hello", True).final_output or 1 / 0)
    add("tools", lambda m: loop(m, False))
    add("tools_stream", lambda m: loop(m, True))
    add("effort", lambda m: loop(m, False, settings=low))
    add("effort_stream", lambda m: loop(m, True, settings=low))
    add("handoff", handoff)
    add("structured", lambda m: run(agent(m, output_type=Plan), "A plan.").final_output.score, "schemas")
    add("structured_stream", lambda m: run(agent(m, output_type=Plan), "A plan.", True).final_output.score, "schemas")
    add("image", image, "images")
    add("cancel", cancel)
    add("not_found", lambda m: raises(openai.NotFoundError, lambda: run(agent("no-such-model"), "x")))
    add("limited", lambda m: raises(openai.RateLimitError, lambda: run(agent(m.alone), LIMITED)))


cases("responses", by_responses)
cases("chat", by_chat)
play("OpenAI Agents SDK", "openai-agents")
