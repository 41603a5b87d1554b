"""The schemas that the scripts for Python ask for."""

from typing import Literal, Optional

from pydantic import BaseModel, Field


class Step(BaseModel):
    explanation: str = Field(description="why", min_length=1)
    output: Optional[float] = None
    kind: Literal["a", "b"]


class Plan(BaseModel):
    """A plan."""

    steps: list[Step]
    score: int = Field(ge=0, le=10)


PLAN_AS_TEXT = 'A plan. [[sim text="{\\"steps\\":[],\\"score\\":1}"]]'

PARAMETERS = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 1, "maximum": 7, "default": 1},
    },
    "required": ["city"],
}
