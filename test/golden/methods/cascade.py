#!/usr/bin/python3
"""Makes cascade.json: chains and stacking of ridge with scikit-learn's cross_val_predict, one row held back at a time,
so that no choice of folds enters; all orders of three targets averaged. Run: python3 cascade.py > cascade.json"""
import itertools, json, sys
import numpy as np, sklearn
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict

r = np.random.RandomState(3)
n, f, m, alpha = 20, 4, 3, 2.0
X = np.round(r.randn(n, f) * [1, 3, 0.5, 2] + [0, 1, -2, 5], 4)
S = (X - X.mean(0)) / X.std(0)
first = np.sin(2 * S[:, 0]) + S[:, 1] + 0.3 * r.randn(n)
Y = np.round(np.stack([10 + 3 * first, first**2 + S[:, 2], -5 + first + 0.2 * r.randn(n)], 1), 4)
mean, sd = Y.mean(0), Y.std(0)

def said(x, k, how):
    if how == "measured":
        return Y[:, k]
    if how == "fitted":
        return Ridge(alpha=alpha).fit(x, Y[:, k]).predict(x)
    return cross_val_predict(Ridge(alpha=alpha), x, Y[:, k], cv=LeaveOneOut())

def scaled(z, k):
    return ((z - mean[k]) / sd[k])[:, None]

def chain(order, how):
    out = np.zeros((n, m))
    learn, ask = S, S
    for k in order:
        model = Ridge(alpha=alpha).fit(learn, Y[:, k])
        out[:, k] = model.predict(ask)
        learn, ask = np.hstack([learn, scaled(said(learn, k, how), k)]), np.hstack([ask, scaled(out[:, k], k)])
    return out

def stack(how):
    one = [Ridge(alpha=alpha).fit(S, Y[:, k]).predict(S) for k in range(m)]
    learn = np.hstack([S] + [scaled(said(S, k, how), k) for k in range(m)])
    ask = np.hstack([S] + [scaled(one[k], k) for k in range(m)])
    return np.stack([Ridge(alpha=alpha).fit(learn, Y[:, k]).predict(ask) for k in range(m)], 1)

out = {"sklearn": sklearn.__version__, "alpha": alpha, "x": X.tolist(), "y": Y.tolist()}
for how in ("cross-validated", "fitted", "measured"):
    out[f"chains {how}"] = np.mean([chain(o, how) for o in itertools.permutations(range(m))], 0).tolist()
    out[f"stack {how}"] = stack(how).tolist()
json.dump(out, sys.stdout)
