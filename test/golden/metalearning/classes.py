#!/usr/bin/python3
"""Meta-gradients of few-shot classifiers in PyTorch float64, for test/metalearning/classGradients.test.ts.

Run: /usr/bin/python3 classes.py > classes.json   (made with torch 1.13)
MAML with the network of its paper (Finn, Abbeel, Levine 2017: linear map or 3 x 3 convolution, batch norm, ReLU, for
images 2 x 2 max pooling; then a linear layer and log loss), and prototypical networks (Snell, Swersky, Zemel 2017).
Written from the papers with torch's own functions, task by task. Numbers are drawn from one generator and rounded to
float32. Parameters are one flat vector: weights and shift of each layer, then the last layer; images are [height,
width, channel], weights of a convolution [height, width, in, out].
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
draw = np.random.default_rng(20261126)
TASKS, WAYS, SHOTS, QUERIES, RATE, EPSILON = 3, 3, 2, 3, 0.1, 1e-3
BODIES = {
    "mlp": dict(input=[6], kind="mlp", layers=[5, 4]),
    "conv": dict(input=[6, 7, 2], kind="conv", layers=[3, 4]),
}


def rounded(values):
    return torch.tensor(values).to(torch.float32).to(torch.float64)


def shapes(body):
    before = body["input"][-1] if body["kind"] == "conv" else int(np.prod(body["input"]))
    out = []
    for units in body["layers"]:
        out += [(3, 3, before, units) if body["kind"] == "conv" else (before, units), (units,)]
        before = units
    return out


def width(body):
    if body["kind"] == "mlp":
        return body["layers"][-1]
    h, w = body["input"][:2]
    for _ in body["layers"]:
        h, w = h // 2, w // 2
    return h * w * body["layers"][-1]


def split(flat, blocks):
    out, at = [], 0
    for s in blocks:
        n = int(np.prod(s))
        out.append(flat[at : at + n].reshape(s))
        at += n
    assert at == len(flat)
    return out


def forward(body, pieces, x, given=None):
    """Rows x to points, and the statistics that batch norm took (or `given`)."""
    took = []
    if body["kind"] == "conv":
        x = x.reshape(len(x), *body["input"]).permute(0, 3, 1, 2)
    for l in range(len(body["layers"])):
        weights, shift = pieces[2 * l : 2 * l + 2]
        if body["kind"] == "conv":
            x = F.conv2d(x, weights.permute(3, 2, 0, 1), padding=1)
            over, wide = [0, 2, 3], (1, -1, 1, 1)
        else:
            x = x @ weights
            over, wide = [0], (1, -1)
        mean, var = (x.mean(over), x.var(over, unbiased=False)) if given is None else given[l]
        took.append((mean, var))
        x = (x - mean.reshape(wide)) / torch.sqrt(var.reshape(wide) + EPSILON) + shift.reshape(wide)
        x = F.relu(x)
        if body["kind"] == "conv":
            x = F.max_pool2d(x, 2)
    if body["kind"] == "conv":
        x = x.permute(0, 2, 3, 1).reshape(len(x), -1)
    return x, took


def first(blocks):
    parts = [draw.uniform(-1, 1, s) * (1.5 / np.prod(s[:-1]) ** 0.5 if len(s) > 1 else 0.3) for s in blocks]
    return rounded(np.concatenate([p.reshape(-1) for p in parts]))


def episode(body, tasks):
    n = int(np.prod(body["input"]))
    rows = lambda each: rounded(draw.uniform(-1, 1, (tasks, WAYS * each, n)) + 0.4 * np.repeat(np.arange(WAYS), each)[None, :, None])
    labels = lambda each: torch.tensor(np.repeat(np.arange(WAYS), each)).expand(tasks, -1)
    return rows(SHOTS), labels(SHOTS), rows(QUERIES), labels(QUERIES)


def answer(theta, loss, data):
    (g,) = torch.autograd.grad(loss, theta)
    keys = ("supportX", "supportY", "queryX", "queryY")
    return dict(
        theta=theta.detach().tolist(), loss=loss.item(), gradient=g.tolist(),
        **{k: v.to(torch.float64).reshape(-1).tolist() for k, v in zip(keys, data)},
    )


def maml(kind, steps, first_order=False, per_query=False):
    body = BODIES[kind]
    blocks = shapes(body) + [(width(body), WAYS), (WAYS,)]
    theta = first(blocks).requires_grad_(True)
    data = sx, sy, qx, qy = episode(body, TASKS)

    def scores(pieces, x, given=None):
        h, took = forward(body, pieces, x, given)
        return h @ pieces[-2] + pieces[-1], took

    total = 0
    for t in range(TASKS):
        fast = split(theta, blocks)
        for _ in range(steps):
            own = F.cross_entropy(scores(fast, sx[t])[0], sy[t])
            g = torch.autograd.grad(own, fast, create_graph=True)
            fast = [a - RATE * (s.detach() if first_order else s) for a, s in zip(fast, g)]
        given = scores(fast, sx[t])[1] if per_query else None
        total = total + F.cross_entropy(scores(fast, qx[t], given)[0], qy[t]) / TASKS
    return dict(answer(theta, total, data), body=kind, steps=steps, firstOrder=first_order, perQuery=per_query)


def prototypes(kind):
    body = BODIES[kind]
    theta = first(shapes(body)).requires_grad_(True)
    data = sx, sy, qx, qy = episode(body, 1)
    points, _ = forward(body, split(theta, shapes(body)), torch.cat([sx[0], qx[0]]))
    support, query = points[: WAYS * SHOTS], points[WAYS * SHOTS :]
    means = torch.stack([support[sy[0] == k].mean(0) for k in range(WAYS)])
    loss = F.cross_entropy(-torch.cdist(query, means) ** 2, qy[0])
    return dict(answer(theta, loss, data), body=kind)


CASES = {
    "maml 1": lambda: maml("mlp", 1),
    "maml 5": lambda: maml("mlp", 5),
    "maml 1 first-order": lambda: maml("mlp", 1, first_order=True),
    "maml 5 first-order": lambda: maml("mlp", 5, first_order=True),
    "maml 1 per query": lambda: maml("mlp", 1, per_query=True),
    "maml 5 per query": lambda: maml("mlp", 5, per_query=True),
    "maml 1 images": lambda: maml("conv", 1),
    "maml 2 images, per query": lambda: maml("conv", 2, per_query=True),
    "prototypes": lambda: prototypes("mlp"),
    "prototypes images": lambda: prototypes("conv"),
}
json.dump(
    dict(
        tasks=TASKS, ways=WAYS, shots=SHOTS, queries=QUERIES, rate=RATE, bodies=BODIES,
        cases={name: make() for name, make in CASES.items()},
    ),
    sys.stdout,
)
