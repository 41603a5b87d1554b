"""Plays the Responses API of the server at argv[1], and prints what came of each case as JSON."""
import json
import sys
import time
import warnings

import openai
from pydantic import BaseModel

warnings.simplefilter("error")  # of what pydantic cannot serialize as its type says
client = openai.OpenAI(base_url=sys.argv[1], api_key="sk-test", max_retries=0)
said = {}
WEATHER = {
    "type": "function", "name": "get_weather", "strict": True,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
}


def checked(response):
    """The response, once its JSON is what its type says."""
    type(response).model_validate(json.loads(response.model_dump_json()))
    return response


said["plain"] = checked(client.responses.create(model="gpt-5", input="Hi", reasoning={"summary": "auto"}, include=["reasoning.encrypted_content"])).output_text

with client.responses.stream(model="gpt-5", input="Hi") as stream:
    said["stream"] = stream.get_final_response().output_text

first = client.responses.create(model="gpt-5", input="Weather? [[sim tools=2]]", tools=[WEATHER])
outputs = [{"type": "function_call_output", "call_id": item.call_id, "output": "sunny"} for item in first.output if item.type == "function_call"]
assert len(outputs) == 2
by_id = client.responses.create(model="gpt-5", previous_response_id=first.id, input=outputs, tools=[WEATHER])
by_items = client.responses.create(
    model="gpt-5", store=False, tools=[WEATHER],
    input=[{"role": "user", "content": "Weather? [[sim tools=2]]"}] + [item.model_dump(exclude_none=True) for item in first.output] + outputs,
)
assert by_id.output_text == by_items.output_text
said["tools"] = by_id.output_text


class Person(BaseModel):
    name: str


said["parse"] = client.responses.parse(model="gpt-4o", input="Who?", text_format=Person).output_parsed.name

said["image"] = client.responses.create(model="gpt-4o", input=[{"role": "user", "content": [
    {"type": "input_text", "text": "See."}, {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
]}]).output_text

job = client.responses.create(model="gpt-4o", input="Slowly.", background=True)
states = [job.status]
while job.status in ("queued", "in_progress"):
    job = checked(client.responses.retrieve(job.id))
    states.append(job.status)
    time.sleep(0.01)
said["background"] = " ".join(states)
said["cancel"] = client.responses.cancel(client.responses.create(model="gpt-4o", input="Slowly.", background=True).id).status
said["items"] = " ".join(item.type for item in client.responses.input_items.list(job.id))
client.responses.delete(job.id)

talk = client.conversations.create(items=[{"role": "user", "content": "Hi"}])
client.responses.create(model="gpt-4o", conversation=talk.id, input="And?")
said["conversation"] = str(len(list(client.conversations.items.list(talk.id))))

for name, ask in {
    "bad request": lambda: client.responses.create(model="gpt-4o", input="x", store="no"),
    "rate limit": lambda: client.responses.create(model="gpt-4o", input="x", extra_headers={"x-sim": "status=429"}),
    "not found": lambda: client.responses.retrieve(job.id),
}.items():
    try:
        ask()
    except openai.APIStatusError as e:
        said[name] = f"{type(e).__name__} {e.code}"

for event in client.responses.create(model="gpt-4o", input="x", stream=True, extra_headers={"x-sim": "error=4"}):
    last = checked(event)
said["failed"] = f"{last.type} {last.response.error.code}"

print(json.dumps(said))
