"""The student: a row for each piece, whose sum over a text is to point where the teacher's vector does."""

import numpy as np
import scipy.sparse

from teacher import unit

DIMS = 128
FIRST_PIECE = 999  # those before it are specials and unused
FIRST_WORD = 1996  # those between are single characters; from here on, the order is by frequency
SMOOTHING = 0.001


def bags(texts, pieces):
    """How often each piece stands in each text, given as ids with [CLS] and [SEP]."""
    inner = [t[1:-1] for t in texts]
    rows = np.repeat(np.arange(len(inner)), [len(t) for t in inner])
    columns = np.fromiter((i for t in inner for i in t), np.int64, len(rows))
    return scipy.sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(texts), pieces))


def project(means):
    """Rows by the teacher's means of single pieces: their principal components, times how rare a
    piece is (Arora et al., A Simple but Tough-to-Beat Baseline for Sentence Embeddings, 2017), and
    the projection."""
    centred = means - means[FIRST_PIECE:].mean(0)
    _, vectors = np.linalg.eigh(np.cov(centred[FIRST_PIECE:].T))
    projection = vectors[:, ::-1][:, :DIMS].astype(np.float32)
    frequency = 1 / np.maximum(np.arange(len(means)) - FIRST_WORD + 1, 1)
    frequency[:FIRST_WORD] = 1 / 50
    frequency /= frequency[FIRST_PIECE:].sum()
    rows = centred @ projection * (SMOOTHING / (SMOOTHING + frequency))[:, None]
    rows[:FIRST_PIECE] = 0
    return (rows / np.linalg.norm(rows[FIRST_PIECE:], axis=1).mean()).astype(np.float32), projection


class Adam:
    """Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015."""

    def __init__(self, values, rate):
        self.values, self.rate, self.steps = values, rate, 0
        self.mean, self.square = np.zeros_like(values), np.zeros_like(values)

    def step(self, gradient):
        self.steps += 1
        self.mean += np.float32(0.1) * (gradient - self.mean)
        self.square += np.float32(0.001) * (gradient * gradient - self.square)
        mean = self.mean / np.float32(1 - 0.9**self.steps)
        square = self.square / np.float32(1 - 0.999**self.steps)
        self.values -= np.float32(self.rate) * mean / (np.sqrt(square) + np.float32(1e-8))


def regress(rows, bags, targets, rng, epochs, rate=0.005, batch=2048):
    """Turn the sums over texts towards the teacher's vectors. Rows of pieces in no text stay."""
    seen = np.unique(bags.indices)
    bags, targets = bags[:, seen], unit(targets).astype(np.float32)
    adam = Adam(rows[seen], rate)
    for _ in range(epochs):
        for part in np.array_split(rng.permutation(len(targets)), -(-len(targets) // batch)):
            x = bags[part]
            sums = x @ adam.values
            length = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
            towards, want = sums / length, targets[part]
            cosine = (towards * want).sum(1, keepdims=True)
            adam.step(x.T @ ((cosine * towards - want) / length / len(part)))
    rows = rows.copy()
    rows[seen] = adam.values
    return rows
