#!/usr/bin/python3
"""Losses and gradients of four small networks in PyTorch float64, for test/engine/pytorch.test.ts.

Run: /usr/bin/python3 pytorch.py > pytorch.json   (made with torch 1.13)
Numbers are drawn from one generator and rounded to float32, so that float32 runtimes get the very same inputs.
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
draw = np.random.default_rng(20240607)


def numbers(*shape, scale=1.0):
    return torch.tensor(draw.uniform(-scale, scale, shape).astype(np.float32).astype(np.float64))


def weight(rows, columns):
    return numbers(rows, columns, scale=1.5 / rows**0.5)


def case(loss, parameters, data, **more):
    """`parameters` in order, with their gradients; `data` is fed as it is."""
    gradients = torch.autograd.grad(loss, list(parameters.values()))
    tensor = lambda t: {"shape": list(t.shape), "data": t.detach().reshape(-1).tolist()}
    return {
        "parameters": {name: tensor(p) for name, p in parameters.items()},
        "data": {name: tensor(d) for name, d in data.items()},
        "loss": loss.item(),
        "gradients": {name: g.reshape(-1).tolist() for name, g in zip(parameters, gradients)},
        **more,
    }


def leaves(**tensors):
    return {name: t.clone().requires_grad_(True) for name, t in tensors.items()}


def mlp():
    """Two shared layers, three heads of a hidden layer each, squared error over the observed cells."""
    p = leaves(w1=weight(5, 16), b1=numbers(16), w2=weight(16, 12), b2=numbers(12))
    for h in range(3):
        p.update(leaves(**{f"v{h}": weight(12, 6), f"c{h}": numbers(6), f"u{h}": weight(6, 1), f"d{h}": numbers(1)}))
    x, y = numbers(40, 5), numbers(40, 3)
    mask = torch.tensor((draw.uniform(size=(40, 3)) < 0.7).astype(np.float64))
    z = F.relu(x @ p["w1"] + p["b1"])
    z = torch.tanh(z @ p["w2"] + p["b2"])
    out = torch.cat([torch.sigmoid(z @ p[f"v{h}"] + p[f"c{h}"]) @ p[f"u{h}"] + p[f"d{h}"] for h in range(3)], 1)
    per_task = (mask * (out - y) ** 2).sum(0) / mask.sum(0)
    return case(per_task.mean(), p, {"x": x, "y": y, "mask": mask})


def cross_entropy():
    """One multi-class head with class weights, and one binary head with a weight on the positives."""
    p = leaves(w1=weight(6, 10), b1=numbers(10), v=weight(10, 4), c=numbers(4), u=weight(10, 1), d=numbers(1))
    x = numbers(30, 6)
    label, yes = torch.tensor(draw.integers(0, 4, 30)), torch.tensor(draw.integers(0, 2, 30)).to(torch.float64)
    weights = torch.tensor([0.5, 1.0, 2.0, 1.5])
    z = torch.tanh(x @ p["w1"] + p["b1"])
    many = F.cross_entropy(z @ p["v"] + p["c"], label, weight=weights)
    two = F.binary_cross_entropy_with_logits((z @ p["u"] + p["d"])[:, 0], yes, pos_weight=torch.tensor(3.0))
    return case(many + two, p, {"x": x, "label": label, "yes": yes, "weights": weights})


def maml():
    """MAML, exact second order: three inner steps on each of five tasks, mean query loss."""
    p = leaves(w1=weight(1, 20), b1=numbers(20), w2=weight(20, 20), b2=numbers(20), w3=weight(20, 1), b3=numbers(1))
    xs, xq = numbers(5, 10, 1, scale=3), numbers(5, 10, 1, scale=3)
    amplitude, phase = numbers(5, 1, 1, scale=2), numbers(5, 1, 1, scale=3)
    ys, yq = [(amplitude * torch.sin(x + phase)).to(torch.float32).to(torch.float64) for x in (xs, xq)]

    def net(q, x):
        z = torch.tanh(x @ q[0] + q[1])
        return torch.tanh(z @ q[2] + q[3]) @ q[4] + q[5]

    total = 0
    for t in range(5):
        fast = list(p.values())
        for _ in range(3):
            inner = ((net(fast, xs[t]) - ys[t]) ** 2).mean()
            fast = [a - 0.05 * g for a, g in zip(fast, torch.autograd.grad(inner, fast, create_graph=True))]
        total = total + ((net(fast, xq[t]) - yq[t]) ** 2).mean()
    return case(total / 5, p, {"xs": xs, "ys": ys, "xq": xq, "yq": yq}, innerLr=0.05, innerSteps=3)


def rnn():
    """A tanh network over 25 steps, cross-entropy at every step."""
    p = leaves(wx=weight(4, 16), wh=weight(16, 16), b=numbers(16), wo=weight(16, 3), bo=numbers(3))
    x = numbers(25, 8, 4)
    label = torch.tensor(draw.integers(0, 3, (25, 8)))
    h = torch.zeros(8, 16)
    losses = []
    for t in range(25):
        h = torch.tanh(x[t] @ p["wx"] + h @ p["wh"] + p["b"])
        losses.append(F.cross_entropy(h @ p["wo"] + p["bo"], label[t]))
    return case(torch.stack(losses).mean(), p, {"x": x, "label": label})


json.dump({"mlp": mlp(), "crossEntropy": cross_entropy(), "maml": maml(), "rnn": rnn()}, sys.stdout, separators=(",", ":"))
print()
