"""The texts on which the table is trained."""

import pathlib
import re

PARTS = ["noun", "verb", "adj", "adv"]
EXAMPLE = re.compile(r';?\s*"[^"]*"')


def definitions(folder):
    """WordNet's definitions without their examples, in the order of its files."""
    for part in PARTS:
        for line in (pathlib.Path(folder) / f"data.{part}").read_text().splitlines():
            if not line.startswith(" "):  # as the licence does
                yield EXAMPLE.sub("", line.split("|", 1)[1]).strip(" ;")
