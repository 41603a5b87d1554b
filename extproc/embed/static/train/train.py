"""Makes the table of the static embedder. README.md says how, and from what.

python train.py WORDNET
"""

import hashlib
import json
import pathlib
import sys
import time

import numpy as np

import student
import table
import teacher
import texts

SEED = 1
EPOCHS = 3
OUT = pathlib.Path(__file__).parent.parent

SAMPLES = [
    ("How do I reset my password?", "I forgot my password, how can I change it?"),
    ("How do I reset my password?", "How do I reset my router?"),
    ("What is the refund policy?", "Can I get my money back?"),
    ("Can I return an item within 30 days?", "Can I return an item within 90 days?"),
    ("Why is my build slow?", "What makes my build slow?"),
    ("Where is my order?", "Quels sont vos horaires d'ouverture ?"),
    ("List the pods of a namespace", "How do I see all pods in one namespace?"),
    ("What is the difference between TCP and UDP?", "TCP vs UDP: how do they differ?"),
    ("Größe eines Bildes ändern", "grosse eines bildes andern"),
    ("我怎么修改密码？", "我怎么修改地址？"),
    ("SELECT name FROM users WHERE id = 42;", "select * from orders where id = 7;"),
    ("antidisestablishmentarianism", "establishment"),
]


START = time.perf_counter()


def say(what):
    print(f"{time.perf_counter() - START:6.0f} s  {what}", flush=True)


def ids(tokenizer, of):
    return [e.ids for e in tokenizer.encode_batch(list(of))]


def train(wordnet):
    """The rows of all pieces."""
    teaching, tokenizer = teacher.Teacher(), teacher.tokenizer()
    pieces = tokenizer.get_vocab_size()
    say("pieces by the teacher")
    rows, projection = student.project(teaching.means([[teacher.CLS, i, teacher.SEP] for i in range(pieces)]))
    of = ids(tokenizer, texts.definitions(wordnet))
    say(f"{len(of)} texts by the teacher")
    vectors = teaching.sentences(of)
    say("regression")
    targets = (vectors - vectors.mean(0)) @ projection
    return student.regress(rows, student.bags(of, pieces), targets, np.random.default_rng(SEED), EPOCHS)


def cosines(rows):
    """What SAMPLES are to be to the program in Go."""
    tokenizer = teacher.tokenizer()
    a, b = (table.vectors(rows, student.bags(ids(tokenizer, side), len(rows))) for side in zip(*SAMPLES))
    for (left, right), cosine in zip(SAMPLES, (a * b).sum(1)):
        yield json.dumps({"a": left, "b": right, "cosine": round(float(cosine), 6)}) + "\n"


def main():
    rows = train(sys.argv[1])
    vocabulary = teacher.vocabulary().decode().splitlines()
    file = table.pack(vocabulary[student.FIRST_PIECE:], rows[student.FIRST_PIECE:])
    (OUT / "table.bin").write_bytes(file)
    (OUT / "testdata" / "cosines.jsonl").write_text("".join(cosines(rows)))
    say(f"table.bin: {len(file)} bytes, SHA-256 {hashlib.sha256(file).hexdigest()}")


if __name__ == "__main__":
    main()
