#!/usr/bin/python3
"""Meta-gradients of every strategy in PyTorch float64, for test/metalearning/metagradients.test.ts.

Run: /usr/bin/python3 metagradients.py > metagradients.json   (made with torch 1.13)
Every case is written from the paper's formula, task by task, with autograd alone. Numbers are drawn from one generator
and rounded to float32, so that float32 runtimes get the very same inputs. Meta-parameters are one flat vector in the
order that `Strategy.shapes` gives.
"""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
draw = np.random.default_rng(20251126)
TASKS, SHOTS, QUERIES, HIDDEN = 4, 6, 7, [5, 4]
RATE = 0.05


def rounded(t):
    return t.to(torch.float32).to(torch.float64)


def numbers(*shape, scale=1.0):
    return rounded(torch.tensor(draw.uniform(-scale, scale, shape)))


def net_shapes(inputs=1, outputs=1, hidden=HIDDEN):
    widths = [inputs, *hidden, outputs]
    return [s for a, b in zip(widths, widths[1:]) for s in ((a, b), (b,))]


def split(flat, shapes):
    out, at = [], 0
    for s in shapes:
        n = int(np.prod(s))
        out.append(flat[at : at + n].reshape(s))
        at += n
    assert at == len(flat)
    return out


def net(pieces, x):
    for k in range(0, len(pieces), 2):
        x = x @ pieces[k] + pieces[k + 1]
        if k + 2 < len(pieces):
            x = torch.tanh(x)
    return x


def trunk(pieces, x):
    for k in range(0, len(pieces), 2):
        x = torch.tanh(x @ pieces[k] + pieces[k + 1])
    return torch.cat([x, torch.ones(len(x), 1)], 1)


AMPLITUDE, PHASE = numbers(TASKS, scale=2), numbers(TASKS, scale=3)
XS, XQ = numbers(TASKS, SHOTS, 1, scale=3), numbers(TASKS, QUERIES, 1, scale=3)
YS, YQ = [rounded(AMPLITUDE[:, None, None] * torch.sin(x + PHASE[:, None, None])) for x in (XS, XQ)]
# The first tasks have fewer rows where rows are uneven: weights 1 / n on the first n.
FEWER = [3, 4, 6, 6]
mse = lambda pieces, x, y: ((net(pieces, x) - y) ** 2).mean()


def rows(t, uneven=False):
    n = FEWER[t] if uneven else SHOTS
    return XS[t, :n], YS[t, :n]


def first(shapes, fills=()):
    """Random network weights, then blocks that hold given numbers."""
    parts = [numbers(*s, scale=1.5 / s[0] ** 0.5 if len(s) == 2 else 0.5).reshape(-1) for s in shapes]
    return torch.cat(parts + [rounded(f.reshape(-1)) for f in fills])


def exact(theta, loss_of):
    """Loss and gradient of mean_t loss_of(theta, t)."""
    theta = theta.clone().requires_grad_(True)
    loss = sum(loss_of(theta, t) for t in range(TASKS)) / TASKS
    (g,) = torch.autograd.grad(loss, theta)
    return dict(theta=theta.detach().tolist(), loss=loss.item(), gradient=g.tolist())


def slopes(loss, pieces, first_order=False):
    g = torch.autograd.grad(loss, pieces, create_graph=True)
    return [s.detach() for s in g] if first_order else g


def maml(steps, first_order=False, uneven=False):
    shapes = net_shapes()

    def loss_of(theta, t):
        fast = split(theta, shapes)
        for _ in range(steps):
            g = slopes(mse(fast, *rows(t, uneven)), fast, first_order)
            fast = [a - RATE * b for a, b in zip(fast, g)]
        return mse(fast, XQ[t], YQ[t])

    return exact(first(shapes), loss_of)


def maml_plus_plus(steps, progress):
    shapes = net_shapes()
    early = max(1 - progress / 0.1, 0.03) / steps
    weights = [early] * (steps - 1) + [1 - (steps - 1) * early]
    rates = torch.tensor(draw.uniform(0.01, 0.08, (steps, len(shapes))))

    def loss_of(theta, t):
        *fast, alpha = split(theta, [*shapes, (steps, len(shapes))])
        total = 0
        for k in range(steps):
            g = slopes(mse(fast, *rows(t)), fast)
            fast = [a - alpha[k, b] * s for b, (a, s) in enumerate(zip(fast, g))]
            total = total + weights[k] * mse(fast, XQ[t], YQ[t])
        return total

    return dict(exact(first(shapes, [rates]), loss_of), progress=progress)


def anil(steps):
    shapes = net_shapes()

    def loss_of(theta, t):
        pieces = split(theta, shapes)
        body, head = pieces[:-2], pieces[-2:]
        for _ in range(steps):
            g = slopes(mse(body + head, *rows(t)), head)
            head = [a - RATE * b for a, b in zip(head, g)]
        return mse(body + head, XQ[t], YQ[t])

    return exact(first(shapes), loss_of)


def meta_sgd(steps):
    shapes = net_shapes()
    size = sum(int(np.prod(s)) for s in shapes)
    rates = torch.tensor(draw.uniform(-0.02, 0.08, size))

    def loss_of(theta, t):
        fast, alpha = split(theta[:size], shapes), split(theta[size:], shapes)
        for _ in range(steps):
            g = slopes(mse(fast, *rows(t)), fast)
            fast = [a - r * b for a, r, b in zip(fast, alpha, g)]
        return mse(fast, XQ[t], YQ[t])

    return exact(first(shapes, [rates]), loss_of)


def reptile(steps, kind):
    """theta - mean of where the inner optimizer (torch's own) leads; rows k, k + 1, ... of the queries, one batch each."""
    shapes = net_shapes()
    theta = first(shapes)
    xs, gradient, loss = numbers(TASKS, steps * 3, 1, scale=3), torch.zeros_like(theta), 0
    ys = rounded(AMPLITUDE[:, None, None] * torch.sin(xs + PHASE[:, None, None]))
    for t in range(TASKS):
        fast = [p.clone().requires_grad_(True) for p in split(theta, shapes)]
        if kind == "sgd":
            inner = torch.optim.SGD(fast, lr=RATE)
        else:
            inner = torch.optim.Adam(fast, lr=RATE, betas=(0.0, 0.999))
        for k in range(steps):
            inner.zero_grad()
            own = mse(fast, xs[t, 3 * k : 3 * k + 3], ys[t, 3 * k : 3 * k + 3])
            own.backward()
            inner.step()
            loss += own.item() / steps / TASKS
        gradient += (theta - torch.cat([p.detach().reshape(-1) for p in fast])) / TASKS
    return dict(
        theta=theta.tolist(), loss=loss, gradient=gradient.tolist(), queryX=xs.reshape(-1).tolist(),
        queryY=ys.reshape(-1).tolist(), queries=steps * 3, kind=kind,
    )


def implicit_maml(steps, proximity, conjugate):
    """Conjugate gradients on explicit Hessians; `conjugate` None: the system solved outright."""
    shapes = net_shapes()
    theta = first(shapes)
    total, loss = torch.zeros_like(theta), 0
    for t in range(TASKS):
        f = lambda v: mse(split(v, shapes), *rows(t))
        phi = theta.clone()
        for _ in range(steps):
            v = phi.clone().requires_grad_(True)
            (g,) = torch.autograd.grad(f(v), v)
            phi = phi - RATE * (g + proximity * (phi - theta))
        v = phi.clone().requires_grad_(True)
        query = mse(split(v, shapes), XQ[t], YQ[t])
        (b,) = torch.autograd.grad(query, v)
        a = torch.eye(len(theta)) + torch.autograd.functional.hessian(f, phi) / proximity
        if conjugate is None:
            x = torch.linalg.solve(a, b)
        else:
            x, r, p = torch.zeros_like(b), b.clone(), b.clone()
            for _ in range(conjugate):
                ap = a @ p
                step = (r @ r) / (p @ ap)
                x, fresh = x + step * p, r - step * ap
                p, r = fresh + (fresh @ fresh) / (r @ r) * p, fresh
        total += x / TASKS
        loss += query.item() / TASKS
    return dict(theta=theta.tolist(), loss=loss, gradient=total.tolist())


def cavia(steps, context=3, rate=1.0):
    shapes = net_shapes(1 + context)

    def loss_of(theta, t):
        pieces = split(theta, shapes)
        c = torch.zeros(context, requires_grad=True)
        f = lambda c, x, y: ((net(pieces, torch.cat([x, c.expand(len(x), context)], 1)) - y) ** 2).mean()
        for _ in range(steps):
            (g,) = torch.autograd.grad(f(c, *rows(t)), c, create_graph=True)
            c = c - RATE * g
        return f(c, XQ[t], YQ[t])

    return exact(first(shapes), loss_of)


def ridge_head(uneven=False):
    shapes = net_shapes()[:-2]
    n = HIDDEN[-1] + 1

    def loss_of(theta, t):
        *body, lam, _, _ = split(theta, [*shapes, (1,), (1,), (1,)])
        x, y = rows(t, uneven)
        z = trunk(body, x)
        w = torch.linalg.solve(z.T @ z + torch.exp(lam) * torch.eye(n), z.T @ y)
        return ((trunk(body, XQ[t]) @ w - YQ[t]) ** 2).mean()

    return exact(first(shapes, [torch.tensor([-1.0, 0.0, 0.0])]), loss_of)


def alpaca():
    shapes = net_shapes()[:-2]
    n = HIDDEN[-1] + 1
    fills = [numbers(n, 1, scale=0.5), torch.eye(n) + numbers(n, n, scale=0.3), torch.tensor([-2.0])]

    def loss_of(theta, t):
        *body, k, f, log_s2 = split(theta, [*shapes, (n, 1), (n, n), (1,)])
        x, y = rows(t)
        s2 = torch.exp(log_s2) + 1e-4
        z, q = trunk(body, x), trunk(body, XQ[t])
        precision = torch.linalg.inv(f @ f.T)
        posterior = precision + z.T @ z
        mean = torch.linalg.solve(posterior, precision @ k + z.T @ y)
        variance = s2 * (1 + (q * torch.linalg.solve(posterior, q.T).T).sum(1, keepdim=True))
        return -torch.distributions.Normal(q @ mean, variance.sqrt()).log_prob(YQ[t]).mean()

    return exact(first(shapes, fills), loss_of)


def neural_process(r=6):
    encoder, decoder = net_shapes(2, r), net_shapes(1 + r, 2)

    def loss_of(theta, t):
        pieces = split(theta, encoder + decoder)
        x, y = rows(t)
        code = net(pieces[: len(encoder)], torch.cat([x, y], 1)).mean(0)
        said = net(pieces[len(encoder) :], torch.cat([XQ[t], code.expand(QUERIES, r)], 1))
        sd = 0.01 + F.softplus(said[:, 1:])
        return -torch.distributions.Normal(said[:, :1], sd).log_prob(YQ[t]).mean()

    return exact(first(encoder + decoder), loss_of)


def learned_optimizer(steps=4, unroll=2, cells=3):
    shapes = net_shapes()
    lstm_shapes = [(2, 4 * cells), (cells, 4 * cells), (4 * cells,), (cells, 4 * cells), (cells, 4 * cells), (4 * cells,), (cells, 1)]
    size = sum(int(np.prod(s)) for s in shapes)

    def layer(x, h, c, wx, wh, b):
        i, f, o, u = (x @ wx + h @ wh + b).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(u)
        return torch.sigmoid(o) * torch.tanh(c), c

    def loss_of(theta, t):
        w, lstm = theta[:size], split(theta[size:], lstm_shapes)
        state = [torch.zeros(size, cells) for _ in range(4)]
        total = 0
        for k in range(steps):
            if k and k % unroll == 0:
                w, state = w.detach(), [s.detach() for s in state]
            at = w.detach().clone().requires_grad_(True)
            (g,) = torch.autograd.grad(mse(split(at, shapes), *rows(t)), at)
            large = g.abs() > math.exp(-10)
            x = torch.stack(
                [
                    torch.where(large, torch.log(g.abs().clamp(min=math.exp(-10))) / 10, torch.tensor(-1.0)),
                    torch.where(large, torch.sign(g), math.exp(10) * g),
                ],
                1,
            )
            h1, c1 = layer(x, state[0], state[1], *lstm[:3])
            h2, c2 = layer(h1, state[2], state[3], *lstm[3:6])
            state = [h1, c1, h2, c2]
            w = w + RATE * (h2 @ lstm[6])[:, 0]
            total = total + mse(split(w, shapes), XQ[t], YQ[t]) / steps
        return total

    return exact(first(shapes + lstm_shapes), loss_of)


CASES = {
    "maml 1": lambda: maml(1),
    "maml 5": lambda: maml(5),
    "maml 1 uneven": lambda: maml(1, uneven=True),
    "first-order-maml 1": lambda: maml(1, True),
    "first-order-maml 5": lambda: maml(5, True),
    "maml-plus-plus 1": lambda: maml_plus_plus(1, 0.0),
    "maml-plus-plus 5": lambda: maml_plus_plus(5, 0.05),
    "anil 1": lambda: anil(1),
    "anil 5": lambda: anil(5),
    "meta-sgd 1": lambda: meta_sgd(1),
    "meta-sgd 5": lambda: meta_sgd(5),
    "reptile 1 sgd": lambda: reptile(1, "sgd"),
    "reptile 5 sgd": lambda: reptile(5, "sgd"),
    "reptile 5 adam": lambda: reptile(5, "adam"),
    "implicit-maml 1": lambda: implicit_maml(1, 5.0, 5),
    "implicit-maml 5": lambda: implicit_maml(5, 5.0, 5),
    "implicit-maml solved": lambda: implicit_maml(5, 5.0, None),
    "cavia 1": lambda: cavia(1),
    "cavia 5": lambda: cavia(5),
    "ridge-head": lambda: ridge_head(),
    "ridge-head uneven": lambda: ridge_head(True),
    "alpaca": lambda: alpaca(),
    "conditional-neural-process": lambda: neural_process(),
    "learned-optimizer": lambda: learned_optimizer(),
}
data = dict(supportX=XS, supportY=YS, queryX=XQ, queryY=YQ)
json.dump(
    {
        "tasks": TASKS, "shots": SHOTS, "queries": QUERIES, "hidden": HIDDEN, "rate": RATE, "fewer": FEWER,
        "data": {k: v.reshape(-1).tolist() for k, v in data.items()},
        "cases": {name: make() for name, make in CASES.items()},
    },
    sys.stdout,
)
