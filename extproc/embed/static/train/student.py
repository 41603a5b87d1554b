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
    the projection on the components."""
    centred = means - means[FIRST_PIECE:].mean(0)
    _, vectors = np.linalg.eigh(np.cov(centred[FIRST_PIECE:].T))
    projection = vectors[:, ::-1][:, :DIMS].astype(np.float32)
    frequency = 1 / np.maximum(np.arange(len(means)) - FIRST_WORD + 1, 1)
    frequency[:FIRST_WORD] = 1 / 50
    frequency /= frequency[FIRST_PIECE:].sum()
    rows = centred @ projection * (SMOOTHING / (SMOOTHING + frequency))[:, None]
    rows[:FIRST_PIECE] = 0
    return scale(rows), projection


def scale(rows):
    """Rows of mean length 1."""
    return (rows / np.linalg.norm(rows[FIRST_PIECE:], axis=1).mean()).astype(np.float32)


def whiten(vectors):
    """Turns vectors into ones whose numbers do not correlate and have the same variance."""
    values, axes = np.linalg.eigh(np.cov(vectors.T))
    return (axes / np.sqrt(values)).astype(np.float32)


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


def regress(rows, bags, targets, rng, epochs=3, rate=0.005, batch=2048):
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


STEEP, APART = 12, 20  # scales of cosines: of a pair's, and of those among others


def tune(rows, left, right, same, rng, epochs=1, rate=0.0005, batch=512):
    """Move the sums of pairs that ask the same together, and those of others away from each other.

    Each pair is judged by itself (logistic loss of its cosine against a learnt border), and each that
    asks the same must find its right side among all of the batch. A third of the pieces is left out
    at random, and the rows are held near those that came."""
    seen = np.unique(np.concatenate([left.indices, right.indices]))
    left, right, start = left[:, seen], right[:, seen], rows[seen]
    adam, border = Adam(start.copy(), rate), Adam(np.array([0.8], np.float32), rate)
    for _ in range(epochs):
        for part in np.array_split(rng.permutation(len(same)), -(-len(same) // batch)):
            a, b = (Side(drop(side[part], rng), adam.values) for side in (left, right))
            cosines = (a.towards * b.towards).sum(1)
            wrong = STEEP * (1 / (1 + np.exp(-STEEP * (cosines - border.values))) - same[part]) / len(part)
            away_a, away_b = wrong[:, None] * b.towards, wrong[:, None] * a.towards
            pick = np.flatnonzero(same[part])
            among = np.exp(APART * (a.towards[pick] @ b.towards.T - 1))
            among /= among.sum(1, keepdims=True)
            among[np.arange(len(pick)), pick] -= 1
            among *= np.float32(0.125 * APART / len(pick))
            away_a[pick] += among @ b.towards
            away_b += among.T @ a.towards[pick]
            adam.step(a.gradient(away_a) + b.gradient(away_b) + np.float32(0.02 / len(part)) * (adam.values - start))
            border.step(-wrong.sum(keepdims=True))
    rows = rows.copy()
    rows[seen] = adam.values
    return rows


class Side:
    """One side of a batch of pairs: the directions of its sums, and the gradient from those to the rows."""

    def __init__(self, bags, rows):
        self.bags, sums = bags, bags @ rows
        self.lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
        self.towards = sums / self.lengths

    def gradient(self, of):
        across = of - (of * self.towards).sum(1, keepdims=True) * self.towards
        return self.bags.T @ (across / self.lengths)


def drop(bags, rng):
    bags = bags.copy()
    bags.data *= rng.random(len(bags.data)) > 0.3
    return bags
