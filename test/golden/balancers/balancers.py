#!/usr/bin/python3
"""Makes balancers.json. The loss-based balancers are written by their papers' formulas with PyTorch's autograd and its
Adam; the weights of gradient-based ones for four tasks come from scipy's general solvers."""
import json
import os

import numpy as np
import torch
from scipy.optimize import minimize

torch.set_default_dtype(torch.float64)
r = np.random.RandomState(3)
TASKS, EPOCHS, PER = 3, 6, 2
STEPS = EPOCHS * PER
losses = np.round(np.exp(0.3 * r.randn(STEPS, TASKS)) * [0.5, 2, 6] * np.linspace(1, 0.4, STEPS)[:, None], 6)
after = np.round(losses * (1 - 0.1 * r.rand(STEPS, TASKS)), 6)
jacobians = np.round(r.randn(STEPS, TASKS, 5) * [[1], [3], [0.4]], 6)
RATE = 0.025


def uncertainty():
    s = torch.zeros(TASKS, requires_grad=True)
    adam = torch.optim.Adam([s], lr=RATE)
    for loss in losses:
        yield (torch.exp(-s) / 2).tolist()
        adam.zero_grad()
        (torch.tensor(loss) / (2 * torch.exp(s)) + s / 2).sum().backward()
        adam.step()


def imtl_l():
    s = torch.zeros(TASKS, requires_grad=True)
    adam = torch.optim.Adam([s], lr=RATE)
    for loss in losses:
        yield torch.exp(s).tolist()
        adam.zero_grad()
        (torch.exp(s) * torch.tensor(loss) - s).sum().backward()
        adam.step()


def dwa(temperature=2):
    mean = losses.reshape(EPOCHS, PER, TASKS).mean(1)
    for epoch in range(EPOCHS):
        ratio = mean[epoch - 1] / mean[epoch - 2] if epoch > 1 else np.ones(TASKS)
        e = np.exp(ratio / temperature)
        for _ in range(PER):
            yield (TASKS * e / e.sum()).tolist()


def gradnorm(alpha=1.5):
    w = torch.ones(TASKS, requires_grad=True)
    adam = torch.optim.Adam([w], lr=RATE)
    for loss, jacobian in zip(losses, jacobians):
        yield w.tolist()
        length = torch.linalg.norm(w[:, None] * torch.tensor(jacobian), dim=1)
        ratio = torch.tensor(loss / losses[0])
        target = (length.mean() * (ratio / ratio.mean()) ** alpha).detach()
        adam.zero_grad()
        (length - target).abs().sum().backward()
        adam.step()
        with torch.no_grad():
            w *= TASKS / w.sum()


def famo(gamma=0.01):
    x = torch.zeros(TASKS, requires_grad=True)
    adam = torch.optim.Adam([x], lr=RATE, weight_decay=gamma)
    for loss, then in zip(losses, after):
        p = torch.softmax(x, -1)
        share = (p / torch.tensor(loss)).detach()
        yield (share / share.sum()).tolist()
        delta = torch.log(torch.tensor(loss)) - torch.log(torch.tensor(then))
        x.grad = torch.autograd.grad(p, x, grad_outputs=delta)[0]
        adam.step()


def weights_of(make):
    for loss in losses:
        leaf = torch.tensor(loss, requires_grad=True)
        make(leaf).backward()
        yield leaf.grad.tolist()


def stch(mu=1.0, warmup=1):
    nadir = torch.tensor(losses[warmup * PER : (warmup + 1) * PER].mean(0))
    for step, loss in enumerate(losses):
        leaf = torch.tensor(loss, requires_grad=True)
        if step // PER <= warmup:
            torch.log(leaf).sum().backward()
        else:
            (mu * TASKS * torch.logsumexp(torch.log(leaf / nadir) / mu, 0)).backward()
        yield leaf.grad.tolist()


# Four tasks: one Jacobian where they conflict, one of rank two.
J = np.round(r.randn(4, 6) * [[1], [2], [0.5], [1]] + [[0.3], [-0.2], [0.1], [0.4]], 6)
low = np.round(r.randn(4, 2) @ r.randn(2, 6), 6)


def simplex(objective):
    best = None
    for start in [np.full(4, 0.25), *np.eye(4) * 0.7 + 0.075]:
        found = minimize(objective, start, method='SLSQP', bounds=[(0, 1)] * 4, options=dict(ftol=1e-15, maxiter=1000),
                         constraints=dict(type='eq', fun=lambda w: w.sum() - 1))
        if best is None or found.fun < best.fun:
            best = found
    return best


def cagrad(G, c=0.4):
    u = np.full(4, 0.25)
    reach = c * np.sqrt(u @ G @ u + 1e-4 / 16)
    w = simplex(lambda w: w @ G @ u + reach * np.sqrt(w @ G @ w + 1e-4)).x
    return (u + reach / (np.sqrt(w @ G @ w + 1e-4) + 1e-4) * w).tolist()


def fair(G, alpha):
    # The potential in logarithms, by BFGS, then by Newton-Krylov on the equations.
    from scipy.optimize import root
    x = root(lambda x: G @ np.exp(x) * np.exp(x / alpha) - 1, np.zeros(4), tol=1e-13).x
    return np.exp(x).tolist()


def above(G, lower):
    A = G / np.trace(G) + 1e-4 * np.eye(4)
    found = minimize(lambda v: v @ A @ v, lower + 0.1, jac=lambda v: 2 * A @ v, method='SLSQP',
                     bounds=[(b, None) for b in lower], options=dict(ftol=1e-16, maxiter=1000))
    return found.x


def aligned(M):
    u, s, vt = np.linalg.svd(M, full_matrices=False)
    keep = s > s.max() * 1e-6
    B = s[keep].min() * (u[:, keep] / s[keep]) @ u[:, keep].T
    return (B @ np.full(4, 0.25)).tolist()


def solved(M):
    G = M @ M.T
    return dict(
        jacobian=M.tolist(),
        mgdaSquare=simplex(lambda w: w @ G @ w).fun,
        cagrad=cagrad(G),
        alignedMtl=aligned(M),
        dualproj=above(G, np.full(4, 0.25)).tolist(),
        upgrad=sum(above(G, row) for row in np.eye(4) / 4).tolist(),
    )


out = dict(
    made='torch %s, scipy' % torch.__version__,
    losses=losses.tolist(), after=after.tolist(), jacobians=jacobians.tolist(), perEpoch=PER,
    weights={
        'uncertainty': list(uncertainty()), 'imtl-l': list(imtl_l()), 'dwa': list(dwa()), 'gradnorm': list(gradnorm()),
        'famo': list(famo()), 'gls': list(weights_of(lambda l: l.prod() ** (1 / TASKS))), 'stch': list(stch()),
    },
    conflict=dict(solved(J), nash=fair(J @ J.T, 1), fair2=fair(J @ J.T, 2), fairHalf=fair(J @ J.T, 0.5)),
    lowRank=solved(low),
)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'balancers.json'), 'w') as file:
    json.dump(out, file, indent=1)
