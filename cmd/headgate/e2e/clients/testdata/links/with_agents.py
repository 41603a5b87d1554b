"""OpenAI's Agents SDK with its model for chat completions."""

import asyncio

import openai
from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled
from play import AGENT, IMAGE, KEY, LIMITED, OPENAI, TURNS, asks, case, play, raises
from shapes import Plan

set_tracing_disabled(True)


@function_tool
def get_weather(city: str, days: int = 1) -> str:
    """Tells the weather."""
    return "sunny"


def agent(m, settings=AGENT, **more):
    client = openai.AsyncOpenAI(base_url=OPENAI, api_key=KEY, max_retries=0)
    model = OpenAIChatCompletionsModel(str(m), client)
    return Agent(**{"name": "a", "instructions": "Be brief.", "model": model, "model_settings": ModelSettings(**settings), **more})


def run(a, ask, stream=False):
    if not stream:
        return Runner.run_sync(a, ask)

    async def streamed():
        got = Runner.run_streamed(a, ask)
        async for _ in got.stream_events():
            pass
        return got

    return asyncio.run(streamed())


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


@case
def handoff(m):
    assert run(agent(m, handoffs=[agent(m, name="other")]), "Go. [[sim tool=transfer_to_other]]").final_output


case(image, name="image", needs="images")
case(lambda m: run(agent(m), "Hello").final_output or 1 / 0, name="text")
case(lambda m: run(agent(m), "Hello", True).final_output or 1 / 0, name="text_stream")
case(lambda m: loop(m, False), name="tools")
case(lambda m: loop(m, True), name="tools_stream")
case(lambda m: loop(m, False, settings={"reasoning": {"effort": "low"}, "parallel_tool_calls": True}), name="effort")
case(lambda m: run(agent(m, output_type=Plan), "A plan.").final_output.score, name="structured", needs="schemas")
case(lambda m: raises(openai.NotFoundError, lambda: run(agent("no-such-model"), "x")), name="not_found")
case(lambda m: raises(openai.RateLimitError, lambda: run(agent(m.alone), LIMITED)), name="limited")
play()
