"""Asks a gateway over TLS with the official clients, and prints what came of it as JSON.

usage: sdks.py BASE_URL CA [CERTIFICATE KEY]
"""

import json
import ssl
import sys

import anthropic
import openai

base, ca, *own = sys.argv[1:]


def context():
    c = ssl.create_default_context(cafile=ca)
    if own:
        c.load_cert_chain(*own)
    return c


def attempt(ask):
    try:
        return ask()
    except (openai.APIStatusError, anthropic.APIStatusError, openai.APIConnectionError, anthropic.APIConnectionError) as e:
        return type(e).__name__


ours = openai.OpenAI(base_url=base + "/v1", api_key="unused", max_retries=0, http_client=openai.DefaultHttpxClient(verify=context()))
theirs = anthropic.Anthropic(base_url=base, api_key="unused", max_retries=0, http_client=anthropic.DefaultHttpxClient(verify=context()))
words = [{"role": "user", "content": "Hello!"}]


def streamed():
    stream = ours.chat.completions.create(model="plain", messages=words, stream=True)
    return [c.choices[0].finish_reason for c in stream if c.choices][-1]


print(json.dumps({
    "openai": attempt(lambda: ours.chat.completions.create(model="plain", messages=words).choices[0].finish_reason),
    "openai, streamed": attempt(streamed),
    "anthropic": attempt(lambda: theirs.messages.create(model="plain-claude", max_tokens=100, messages=words).stop_reason),
}))
