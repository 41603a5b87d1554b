"""What the scripts for Python share: cases, played against each model of the gateway.

A case takes a model and ends without an error if the client got what it asked for. Its
name is the API that the client speaks ("chat", "responses", "messages") and what it asks
for; one that ends in "stream" asks for streams. What a case needs and the model's links
lack ("images", "schemas", "threads", "state") leaves it out there. The results are written as one
JSON object, {client, version, cases: {case: {model: "ok" or the error}}}; the test beside
this folder judges them."""

import importlib.metadata
import json
import sys

SETUP = json.loads(sys.argv[1])
BASE = SETUP["base"]
OPENAI = BASE + "/v1"
KEY = "sk-client"
IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
LIMITED = "[[sim status=429 retry-after=2]]"
# The answer stands still after some words; the test holds that the provider is let go of.
STANDS_STILL = SETUP["mark"] + " [[sim hang=30]]"
# What agents send with everything.
AGENT = {"temperature": 0, "max_tokens": 4096}
TURNS = 3
CASES = {}


class Model(str):
    """The name of a model, with what else the gateway says of it."""

    def __new__(cls, model):
        self = super().__new__(cls, model["name"])
        self.alone = model["alone"]  # the model whose chain is the first link alone
        self.claude = model["claude"]  # the same chain by a name that clients know
        self.lacks = model.get("lacks") or []
        return self


def case(f=None, *, needs=None, name=None):
    if f is None:
        return lambda f: case(f, needs=needs, name=name)
    CASES[name or f.__name__] = (f, needs)
    return f


def raises(kind, f):
    try:
        f()
    except kind as e:
        return e
    raise AssertionError(f"no {kind.__name__}")


def asks(turn):
    """The words that make the provider call two tools."""
    return f"The weather, time {turn}? [[sim tools=2]]"


def one(f, model):
    try:
        f(model)
        return "ok"
    except Exception as e:
        return f"{type(e).__name__}: {e}"[:800]


def play(client, package, api=None):
    """Plays the cases of a client, whose version is its package's. A client that speaks one
    API names it here."""
    models = [Model(m) for m in SETUP["models"]]
    cases = {
        f"{api} {name}" if api else name: {m: one(f, m) for m in models if needs not in m.lacks}
        for name, (f, needs) in CASES.items()
    }
    results = {"client": client, "version": importlib.metadata.version(package), "cases": cases}
    with open(SETUP["results"], "w", encoding="utf-8") as out:
        json.dump(results, out)
