#!/usr/bin/python3
"""Makes gaussianProcess.json: a multi-task Gaussian process (intrinsic coregionalisation, Bonilla et al. 2008) written
down with whole matrices: log marginal likelihood, its slope by differences, predictions at given hyperparameters, and the
best likelihood that scipy's L-BFGS-B finds from there. Run: python3 gaussianProcess.py > gaussianProcess.json"""
import json, sys
import numpy as np, scipy
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

r = np.random.RandomState(11)
n, f, t, rank = 30, 2, 3, 2
X = np.round(r.randn(n, f), 4)
base = np.sin(2 * X[:, 0]) + 0.5 * X[:, 1]
Y = np.round(np.stack([base, -base + 0.3 * X[:, 1], np.cos(X[:, 0])], 1) + 0.1 * r.randn(n, t), 4)
seen = r.uniform(size=(n, t)) > 0.25
W = np.round(r.uniform(0.5, 2, n), 3)
A = np.round(r.randn(8, f), 4)

task = np.concatenate([np.full(seen[:, k].sum(), k) for k in range(t)])
row = np.concatenate([np.flatnonzero(seen[:, k]) for k in range(t)])
y = Y[row, task]

def parts(theta):
    length = np.exp(theta[:f])
    mix = theta[f : f + t * rank].reshape(t, rank)
    own = np.exp(theta[f + t * rank : f + t * rank + t])
    noise = np.exp(theta[f + t * rank + t :])
    return length, mix @ mix.T + np.diag(own), noise

def kernel(a, b, length):
    d = (a[:, None, :] - b[None, :, :]) / length
    return np.exp(-0.5 * (d**2).sum(-1))

def whole(theta):
    length, between, noise = parts(theta)
    return kernel(X[row], X[row], length) * between[np.ix_(task, task)] + np.diag(noise[task] / W[row] + 1e-8)

def nll(theta):
    try:
        c = cho_factor(whole(theta), lower=True)
    except np.linalg.LinAlgError:
        return 1e10
    return 0.5 * y @ cho_solve(c, y) + np.log(np.diag(c[0])).sum() + 0.5 * len(y) * np.log(2 * np.pi)

theta = np.round(np.concatenate([[0.2, 0.5], (0.6 + 0.3 * r.randn(t * rank)), np.log([0.3, 0.2, 0.4]), np.log([0.05, 0.1, 0.02])]), 4)
slope = [(nll(theta + 1e-5 * e) - nll(theta - 1e-5 * e)) / 2e-5 for e in np.eye(len(theta))]
length, between, noise = parts(theta)
c = cho_factor(whole(theta), lower=True)
mean, sd = np.zeros((len(A), t)), np.zeros((len(A), t))
for k in range(t):
    cross = kernel(A, X[row], length) * between[k, task]
    mean[:, k] = cross @ cho_solve(c, y)
    sd[:, k] = np.sqrt(between[k, k] - (cross * cho_solve(c, cross.T).T).sum(1) + noise[k])
best = minimize(nll, theta, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-6, "maxfun": 100000})
json.dump({
    "scipy": scipy.__version__, "x": X.tolist(), "y": Y.tolist(), "seen": seen.astype(int).tolist(), "weight": W.tolist(), "asked": A.tolist(),
    "rank": rank, "theta": theta.tolist(), "nll": nll(theta), "slope": slope, "mean": mean.tolist(), "sd": sd.tolist(),
    "best": float(best.fun),
}, sys.stdout)
