"""Instructor, in each of its modes for the two dialects."""

import anthropic
import instructor
import openai
from instructor import Mode
from instructor.core import InstructorRetryException
from instructor.processing.multimodal import Image
from play import BASE, IMAGE, KEY, LIMITED, OPENAI, case, play, raises
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


def wraps(kind, f):
    assert isinstance(raises(InstructorRetryException, f).__cause__, kind)


def uses(api, client, mode, sdk, needs=None, **more):
    def ask(m, content):
        return client(mode).chat.completions.create(
            model=m, messages=[{"role": "user", "content": content}], response_model=Plan, max_retries=0, max_tokens=4096, **more
        )

    def add(name, f, needs=None):
        case(f, name=f"{api} {name}", needs=needs)

    picture = Image.from_base64("data:image/png;base64," + IMAGE)
    add("image", lambda m: ask(m, ["What?", picture]).score, "images")
    add("not_found", lambda m: wraps(sdk.NotFoundError, lambda: ask("no-such-model", "x")))
    add("limited", lambda m: wraps(sdk.RateLimitError, lambda: ask(m, LIMITED)), needs)


uses("chat", by_openai, Mode.TOOLS, openai)
uses("responses", by_openai, Mode.RESPONSES_TOOLS, openai, "schemas")  # its tools are strict
uses("messages", by_anthropic, Mode.ANTHROPIC_TOOLS, anthropic)
cases("chat", by_openai, Mode.TOOLS, temperature=0)
cases("chat", by_openai, Mode.TOOLS_STRICT, temperature=0)
cases("chat", by_openai, Mode.JSON, PLAN_AS_TEXT, temperature=0)
cases("chat", by_openai, Mode.MD_JSON, PLAN_AS_TEXT, temperature=0)
cases("chat", by_openai, Mode.JSON_SCHEMA, needs="schemas", temperature=0)
cases("responses", by_openai, Mode.RESPONSES_TOOLS, needs="schemas", temperature=0)
cases("messages", by_anthropic, Mode.ANTHROPIC_TOOLS)
cases("messages", by_anthropic, Mode.ANTHROPIC_JSON, PLAN_AS_TEXT)
play("Instructor", "instructor")
