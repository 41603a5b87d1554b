"""What OpenAI's SDK makes of responses that a provider keeps: python kept.py URL KEY OTHER-KEY"""

import json
import sys
import time

import openai

url, key, other = sys.argv[1:]
client = openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0)
stranger = openai.OpenAI(base_url=url + "/v1", api_key=other, max_retries=0)
found = {}


def refused(name, call):
    try:
        call()
        found[name] = "was answered"
    except openai.APIStatusError as e:
        found[name] = f"{type(e).__name__} {e.code}"


first = client.responses.create(model="one", input="My name is Ann.")
second = client.responses.create(model="both", input="Go on.", previous_response_id=first.id)
found["goes on"] = second.previous_response_id == first.id and second.id != first.id
found["read"] = client.responses.retrieve(second.id).output_text == second.output_text
found["items"] = [i.type for i in client.responses.input_items.list(second.id, order="asc", limit=1)][:1]
with client.responses.stream(model="both", input="And?", previous_response_id=second.id) as stream:
    ids = {e.response.id for e in stream if e.type in ("response.created", "response.completed")}
    third = stream.get_final_response()
found["one id in a stream"] = ids == {third.id}
found["what was streamed is read"] = client.responses.retrieve(third.id).output_text == third.output_text

later = client.responses.create(model="two", input="Take your time.", background=True)
found["in the background"] = later.status
for _ in range(200):
    later = client.responses.retrieve(later.id)
    if later.status not in ("queued", "in_progress"):
        break
    time.sleep(0.05)
found["then"] = later.status
found["has an answer"] = bool(later.output_text)
with client.responses.create(model="two", input="Take your time.", background=True, stream=True) as events:
    begun = next(iter(events)).response
rest = [e for e in client.responses.retrieve(begun.id, stream=True, starting_after=0)]
found["a stream is taken up again"] = rest[0].sequence_number == 1 and rest[-1].type == "response.completed" and rest[-1].response.id == begun.id
stopped = client.responses.cancel(client.responses.create(model="two", input="Stop.", background=True).id)
found["cancelled"] = stopped.status

refused("a stranger reads", lambda: stranger.responses.retrieve(first.id))
refused("a stranger goes on", lambda: stranger.responses.create(model="both", input="And?", previous_response_id=first.id))
refused("a stranger deletes", lambda: stranger.responses.delete(first.id))
refused("a synchronous one is cancelled", lambda: client.responses.cancel(first.id))
client.responses.delete(first.id)
refused("what is deleted", lambda: client.responses.retrieve(first.id))
refused("what was never given", lambda: client.responses.retrieve("resp_0"))
refused("chat completions go on", lambda: client.responses.create(model="plain", input="And?", previous_response_id=second.id))
print(json.dumps(found))
