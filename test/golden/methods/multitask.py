#!/usr/bin/python3
"""
Makes multitask.json: what linear multi-task methods must say, by other ways than ours. Squared losses with
deviations by scikit-learn, and logistic ones by Newton's method, on inputs that are copied once per task; graphs by one dense system; clusters by trying every
assignment; low rank and outliers by ADMM, which takes other steps than accelerated proximal gradient and ends elsewhere
unless both are right. Everything in double precision; inputs standardised with the population sd.
"""
import itertools
import json
import os

import numpy as np
from sklearn.linear_model import Ridge

r = np.random.RandomState(11)
sizes = [9, 14, 20, 7, 16, 12]
inputs, T = 4, len(sizes)
task = np.repeat(np.arange(T), sizes)
n = len(task)
x = np.round(r.randn(n, inputs) * [1, 10, 0.1, 3] + [0, 5, 1, -2], 6)
s = (x - x.mean(0)) / x.std(0)
lines = np.array([[2, -1, 0, 1]] * 3 + [[-1, 1, 2, 0]] * 2 + [[0, 3, -2, -2]]) + 0.4 * r.randn(T, inputs)
score = (s * lines[task]).sum(1) + 0.5 * task
number = np.round(20 + 3 * (score + 0.7 * r.randn(n)), 6)
two = (score + 1.5 * r.randn(n) > 1).astype(int)
three = np.digitize(score + 1.5 * r.randn(n), [-0.5, 2])
order = r.permutation(n)
x, s, task, number, two, three = x[order], s[order], task[order], number[order], two[order], three[order]
out = {"groups": {"x": x.tolist(), "task": task.tolist(), "number": number.tolist(), "two": two.tolist(), "three": three.tolist()}}
say = {}


def once_per_task(common, own, alpha, deviation):
    """Inputs shared by all, and inputs and a level of every task, scaled so that one penalty is all of them."""
    blocks = [common / np.sqrt(alpha)]
    for t in range(T):
        blocks.append(own * (task == t)[:, None] / np.sqrt(deviation))
    return np.hstack(blocks)


def newton(a, y, pull):
    """Probabilities [row, class] of softmax regression; `pull` penalises the inputs, one free level each is added."""
    a = np.hstack([a, np.ones((len(a), 1))])
    classes = y.max() + 1
    free = 1 if classes == 2 else classes
    b = np.zeros((a.shape[1], free))
    hot = (y[:, None] == np.arange(classes)).astype(float)[:, -free:]
    pulls = pull * np.repeat(np.r_[np.ones(a.shape[1] - 1), 0], free)
    for _ in range(60):
        p = 1 / (1 + np.exp(-a @ b)) if free == 1 else np.exp(a @ b - (a @ b).max(1, keepdims=True))
        p = p if free == 1 else p / p.sum(1, keepdims=True)
        bend = p[:, :, None] * (np.eye(free) - p[:, None, :])
        hessian = np.einsum("ij,ikl,im->jkml", a, bend, a).reshape(b.size, b.size) + np.diag(pulls)
        slope = (a.T @ (p - hot)).ravel() + pulls * b.ravel()
        b -= np.linalg.lstsq(hessian, slope, rcond=1e-13)[0].reshape(b.shape)
    assert np.abs(slope).max() < 1e-9
    return p


with_level = np.hstack([s, np.ones((n, 1))])
for alpha, deviation in ((2, 5), (1, 0.3)):
    a = once_per_task(s, with_level, alpha, deviation)
    say[f"mean-regularised number {alpha} {deviation}"] = Ridge(1, solver="svd").fit(a, number).predict(a)
    for name, y in (("two", two), ("three", three)):
        say[f"mean-regularised-logistic {name} {alpha} {deviation}"] = newton(a, y, 1)
onehot = (task[:, None] == np.arange(T)).astype(float)
for name, y in (("two", two), ("three", three)):
    for key, a in (("pooled-logistic", s), ("pooled-logistic-intercepts", np.hstack([s, onehot]))):
        say[f"{key} {name} 0.5"] = newton(a, y, 0.5)


def graph_lines(X, y, A, alpha, similarity, free):
    """All lines at once. X, y: a matrix and a vector per task; `free`: columns that alpha leaves alone."""
    count, p = len(X), X[0].shape[1]
    big, right = np.zeros((count * p, count * p)), np.zeros(count * p)
    for t in range(count):
        own = slice(t * p, (t + 1) * p)
        big[own, own] += X[t].T @ X[t] + alpha * np.diag([0 if j in free else 1 for j in range(p)])
        right[own] = X[t].T @ y[t]
    laplacian = np.diag(np.abs(A).sum(0)) - A
    return np.linalg.solve(big + similarity * np.kron(laplacian, np.eye(p)), right).reshape(count, p)


def correlations(X, y, alpha):
    """
    Of what the tasks' own ridge lines say of all rows, each row less the mean of its own task, divided by the share of
    it that is not noise. Noise comes through the smoother S = X (X'X + alpha)^-1 X' of each task.
    """
    centred = [a - a.mean(0) for a in X]
    above = [b - b.mean() for b in y]
    ways = [np.linalg.solve(c.T @ c + alpha * np.eye(c.shape[1]), c.T) for c in centred]
    told = np.vstack(centred) @ np.array([w @ b for w, b in zip(ways, above)]).T
    left = sum(((b - c @ w @ b) ** 2).sum() for w, b, c in zip(ways, above, centred))
    free = sum(max(0, len(b) - 1 - np.trace(c @ w)) for w, b, c in zip(ways, above, centred))
    noise = sum(((np.vstack(centred) @ w) ** 2).sum() for w in ways) * left / free
    reliability = max(0.1, 1 - noise / (told**2).sum())
    print("reliability", reliability)
    return np.clip((told.T @ told) / np.sqrt(np.outer((told**2).sum(0), (told**2).sum(0))) / reliability, -1, 1)


def tied(weights):
    A = np.array(weights, dtype=float)
    np.fill_diagonal(A, 0)
    return A


X = [with_level[task == t] for t in range(T)]
y = [number[task == t] for t in range(T)]
chain = np.zeros((T, T))
for a, b, w in ((0, 1, 1), (1, 2, 0.5), (3, 4, 1)):
    chain[a, b] = chain[b, a] = w
learned = tied(np.maximum(0, correlations([a[:, :-1] for a in X], y, 2)) / T)
for key, A in (("complete", tied(np.ones((T, T)) / T)), ("given", chain), ("learned", learned)):
    u = graph_lines(X, y, A, 2, 5, {inputs})
    say[f"graph-regularised number {key}"] = (with_level * u[task]).sum(1)


def around(of, alpha, deviation, X, y):
    """Lines and cost of one assignment: every cluster is a ridge on inputs copied once per task."""
    p = X[0].shape[1]
    found, cost = [None] * len(X), 0
    for c in set(of):
        own = [t for t in range(len(X)) if of[t] == c]
        rows = [np.hstack([X[t]] + [X[t] * (q == t) for q in own]) for t in own]
        a, b = np.vstack(rows), np.concatenate([y[t] for t in own])
        pull = np.diag([alpha] * (p - 1) + [0] + [deviation] * (p * len(own)))
        w = np.linalg.solve(a.T @ a + pull, a.T @ b)
        cost += ((b - a @ w) ** 2).sum() + w @ pull @ w
        for i, t in enumerate(own):
            found[t] = w[:p] + w[p * (i + 1) : p * (i + 2)]
    return cost, np.array(found)


for most in (2, 3):
    best = min((around(of, 2, 20, X, y) for of in itertools.product(range(most), repeat=T) if of[0] == 0), key=lambda f: f[0])
    say[f"clustered number {most}"] = (with_level * best[1][task]).sum(1)


# Many targets in one row, some cells not measured.
rows, width, count = 40, 5, 6
z = np.round(r.randn(rows, width) * 3 + 1, 6)
q = (z - z.mean(0)) / z.std(0)
base = r.randn(width, 2) @ r.randn(2, count)
base[:, 4] = 2 * r.randn(width)
base[:, 1] = -base[:, 0]
Y = np.round((q @ base + 0.5 * r.randn(rows, count)) * [1, 10, 1, 0.1, 1, 5] + [0, 50, -3, 0, 7, 0], 6)
seen = r.rand(rows, count) > 0.15
out["targets"] = {"x": z.tolist(), "y": [[Y[i, t] if seen[i, t] else None for t in range(count)] for i in range(rows)]}
cells = [(q[seen[:, t]], Y[seen[:, t], t]) for t in range(count)]
centred = [a - a.mean(0) for a, _ in cells]
scaled = [(b - b.mean()) / b.std() for _, b in cells]


def told(u):
    return [b.mean() + b.std() * ((q - a.mean(0)) @ u[t]) for t, (a, b) in enumerate(cells)]


signed = tied(correlations([a for a, _ in cells], scaled, 2) / count)
say["graph-regularised targets learned"] = np.array(told(graph_lines(centred, scaled, signed, 2, 5, set()))).T


def admm(penalty, apart, rho=0.3, steps=20000):
    gram = [a.T @ a / len(a) for a in centred]
    cross = [a.T @ b / len(a) for a, b in zip(centred, scaled)]
    eye = np.eye(width)
    inverse = [np.linalg.inv(np.block([[g + rho * eye, g], [g, g + rho * eye]])) for g in gram]
    low, own = np.zeros((width, count)), np.zeros((width, count))
    dual_low, dual_own = low.copy(), own.copy()
    for _ in range(steps):
        free_low, free_own = np.zeros_like(low), np.zeros_like(own)
        for t in range(count):
            both = inverse[t] @ np.concatenate([cross[t] + rho * (low - dual_low)[:, t], cross[t] + rho * (own - dual_own)[:, t]])
            free_low[:, t], free_own[:, t] = both[:width], both[width:]
        left, sizes, right = np.linalg.svd(free_low + dual_low, full_matrices=False)
        low = left @ np.diag(np.maximum(0, sizes - penalty / rho)) @ right
        wide = free_own + dual_own
        length = np.linalg.norm(wide, axis=0)
        own = wide * np.where(length > apart * penalty / rho, 1 - apart * penalty / rho / np.maximum(length, 1e-300), 0)
        dual_low += free_low - low
        dual_own += free_own - own
    return low, own


for penalty, apart in ((0.1, 0.85), (0.05, 0.7), (0.1, 1000)):
    low, own = admm(penalty, apart)
    print(penalty, apart, "rank", np.linalg.matrix_rank(low, 1e-8), "apart", np.flatnonzero(np.abs(own).sum(0)))
    say[f"robust targets {penalty} {apart}"] = np.array(told((low + own).T)).T
out["say"] = {key: np.asarray(value).tolist() for key, value in say.items()}

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "multitask.json"), "w") as f:
    json.dump(out, f)
