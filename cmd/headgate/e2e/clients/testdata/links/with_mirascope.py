"""Mirascope's providers for chat completions and for Anthropic."""

from mirascope import llm
from play import AGENT, BASE, KEY, OPENAI, TURNS, asks, case, play
from shapes import PLAN_AS_TEXT, Plan

llm.register_provider("openai", scope=["openai/"], base_url=OPENAI, api_key=KEY)
llm.register_provider("anthropic", scope=["anthropic/"], base_url=BASE, api_key=KEY)


@llm.tool
def get_weather(city: str, days: int = 1) -> str:
    """Tells the weather."""
    return "sunny"


def ended(answer):
    """The answer, read to its end if it is a stream."""
    if hasattr(answer, "finish"):
        answer.finish()
    return answer


def cases(kind, named):
    def model(m, **more):
        return llm.model(named(m), **{**AGENT, **more})

    def loop(m, stream, **more):
        ask = getattr(model(m, **more), "stream" if stream else "call")
        got = ended(ask(asks(0), tools=[get_weather]))
        for turn in range(1, TURNS + 1):
            assert len(got.tool_calls) == 2
            got = ended(got.resume(got.execute_tools()))
            assert got.text()
            if turn < TURNS:
                got = ended(got.resume(asks(turn)))

    def structured(mode, ask="A plan."):
        return lambda m: model(m).call(ask, format=llm.format(Plan, mode=mode)).parse().score

    def add(name, f, needs=None):
        case(f, name=f"{kind} {name}", needs=needs)

    add("text", lambda m: model(m).call("Hello").text() or 1 / 0)
    add("text_stream", lambda m: ended(model(m).stream("Hello")).text() or 1 / 0)
    add("tools", lambda m: loop(m, False))
    add("tools_stream", lambda m: loop(m, True))
    add("thinking", lambda m: loop(m, False, thinking={"level": "low"}, max_tokens=6000))
    add("thinking_stream", lambda m: loop(m, True, thinking={"level": "low"}, max_tokens=6000))
    add("structured by a tool", structured("tool"))
    add("structured by words", structured("json", PLAN_AS_TEXT))
    add("structured", structured("strict"), "schemas")


cases("chat", lambda m: f"openai/{m}:completions")
cases("messages", lambda m: f"anthropic/{m}")
play("Mirascope", "mirascope")
