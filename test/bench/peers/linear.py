#!/usr/bin/python3
# Linear workloads on scikit-learn, one thread: a ridge path over 20 values of alpha (school, 15,362 x 28) and the
# multi-task lasso (enb, 768 x 8, two targets). Where the data are not there, numbers of the same size from the peers'
# generator. Prints one JSON line: fits a second and the coefficients, for agreement.
#   linear.py ridge_path|multitask_lasso --variant V --seconds S [--data FOLDER]
import argparse, json, os, sys, time
ap = argparse.ArgumentParser()
ap.add_argument("workload", choices=["ridge_path", "multitask_lasso"])
ap.add_argument("--variant", required=True)
ap.add_argument("--seconds", type=float, default=2)
ap.add_argument("--data", default="")
args = ap.parse_args()
for k in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"): os.environ[k] = "1"
import numpy as np
from sklearn.linear_model import MultiTaskLasso, Ridge

def lcg(seed, shape):
    x = seed; out = np.empty(int(np.prod(shape)))
    for i in range(out.size):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF; out[i] = x
    return (out / 4294967296.0 * 2 - 1).astype(np.float32).astype(np.float64).reshape(shape)
def made(rows, width, targets):
    X = lcg(1, (rows, width)); return X, X @ lcg(2, (width, targets)) + lcg(3, (rows, targets))
def load():
    if args.workload == "ridge_path":
        path = os.path.join(args.data, "school/school.csv")
        if not args.data or not os.path.exists(path): return made(15362, 28, 1)
        table = np.loadtxt(path, delimiter=",", skiprows=1)
        return np.ascontiguousarray(table[:, 1:29]), table[:, 29:30]
    path = os.path.join(args.data, "mulan-mtr/enb.arff")
    if not args.data or not os.path.exists(path): X, Y = made(768, 8, 2)
    else:
        table = np.array([l.split(",") for l in open(path) if l[:1].isdigit()], dtype=float)
        X, Y = table[:, :8], table[:, 8:]
    return (X - X.mean(0)) / X.std(0), (Y - Y.mean(0)) / Y.std(0)

X, Y = load()
ALPHAS = 10.0 ** np.linspace(-2, 4, 20)
if args.workload == "ridge_path":
    if args.variant == "loop":          # as one writes it
        def fit(): return np.array([np.append(m.coef_, m.intercept_) for m in (Ridge(alpha=a).fit(X, Y[:, 0]) for a in ALPHAS)])
    else:                               # "at once": one call, the target repeated, an alpha for each
        Y20 = np.repeat(Y, len(ALPHAS), 1)
        def fit():
            m = Ridge(alpha=ALPHAS).fit(X, Y20); return np.column_stack([m.coef_, m.intercept_])
else:                                   # "exact" is as exact as ours; "default" stops where scikit-learn does
    tol, rounds = (1e-12, 200000) if args.variant == "exact" else (1e-4, 1000)
    X, Y = np.asfortranarray(X), np.asfortranarray(Y)
    def fit(): return MultiTaskLasso(alpha=0.02, tol=tol, max_iter=rounds, fit_intercept=False).fit(X, Y).coef_.T
found = fit(); rates = []; end = time.perf_counter() + args.seconds
while time.perf_counter() < end or len(rates) < 3:
    start = time.perf_counter(); fit(); rates.append(1 / (time.perf_counter() - start))
json.dump(dict(rate=float(np.median(rates)), found=np.asarray(found).ravel().tolist()), sys.stdout)
