"""Instructor, in each of its modes for the two dialects."""

import anthropic
import instructor
import openai
from instructor import Mode
from play import BASE, IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, case, play, raises
from shapes import PLAN_AS_TEXT, Plan


def by_openai(mode):
    return instructor.from_openai(openai.OpenAI(base_url=OPENAI, api_key=KEY, max_retries=0), mode=mode)


def by_anthropic(mode):
    return instructor.from_anthropic(anthropic.Anthropic(base_url=BASE, api_key=KEY, max_retries=0), mode=mode)


def cases(api, client, mode, ask="A plan.", needs=None, **more):
    args = {"messages": [{"role": "user", "content": ask}], "response_model": Plan, "max_retries": 1, "max_tokens": 4096, **more}

    def whole(m):
        assert isinstance(client(mode).chat.completions.create(model=m, **args), Plan)

    def partial(m):
        assert list(client(mode).chat.completions.create_partial(model=m, **args))[-1].score is not None

    case(whole, name=f"{api} structured {mode.name}", needs=needs)
    case(partial, name=f"{api} structured {mode.name} stream", needs=needs)


cases("chat", by_openai, Mode.TOOLS, temperature=0)
cases("chat", by_openai, Mode.TOOLS_STRICT, temperature=0)
cases("chat", by_openai, Mode.JSON, PLAN_AS_TEXT, temperature=0)
cases("chat", by_openai, Mode.MD_JSON, PLAN_AS_TEXT, temperature=0)
cases("chat", by_openai, Mode.JSON_SCHEMA, needs="schemas", temperature=0)
cases("messages", by_anthropic, Mode.ANTHROPIC_TOOLS)
cases("messages", by_anthropic, Mode.ANTHROPIC_JSON, PLAN_AS_TEXT)
play("Instructor", "instructor")
