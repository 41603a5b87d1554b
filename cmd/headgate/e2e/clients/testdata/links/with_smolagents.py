"""smolagents, which sends stop sequences, plain text as blocks, and tools or code."""

import openai
from play import AGENT, KEY, LIMITED, OPENAI, case, play, raises
from smolagents import CodeAgent, OpenAIServerModel, ToolCallingAgent, tool


@tool
def get_weather(city: str) -> str:
    """Tells the weather.

    Args:
        city: its name
    """
    return "sunny"


def model(m):
    return OpenAIServerModel(model_id=m, api_base=OPENAI, api_key=KEY, client_kwargs={"max_retries": 0}, retry=False, **AGENT)


def agent(kind, m, **more):
    return kind(tools=[get_weather], model=model(m), max_steps=2, verbosity_level=0, **more)


def fine(a):
    """An agent that does not understand its model says so in its steps."""
    errors = [str(s.error) for s in a.memory.steps if getattr(s, "error", None)]
    assert not any("generating model output" in e for e in errors), errors


@case
def tools(m):
    a = agent(ToolCallingAgent, m)
    assert a.run("The weather? [[sim tool=final_answer]]")
    fine(a)


@case
def tools_stream(m):
    a = agent(ToolCallingAgent, m, stream_outputs=True)
    assert list(a.run("The weather? [[sim tool=final_answer]]", stream=True))
    fine(a)


@case
def code(m):
    words = 'It is. <code>\\nfinal_answer(get_weather(\\"x\\"))\\n</code>'
    assert agent(CodeAgent, m).run(f'The weather? [[sim text="{words}"]]') == "sunny"


@case(needs="schemas")
def structured(m):
    a = agent(CodeAgent, m, use_structured_outputs_internally=True)
    a.run("The weather?")
    fine(a)


def ask(m, words):
    return model(m).generate([{"role": "user", "content": [{"type": "text", "text": words}]}])


case(lambda m: raises(openai.NotFoundError, lambda: ask("no-such-model", "x")), name="not_found")
case(lambda m: raises(openai.RateLimitError, lambda: ask(m.alone, LIMITED)), name="limited")
play("smolagents", "smolagents", api="chat")
