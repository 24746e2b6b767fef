#!/usr/bin/python3
"""Makes classical.json: logistic regression and nearest neighbours by scikit-learn, on standardised inputs."""
import json
import os

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

r = np.random.RandomState(7)
train, test, inputs = 80, 20, 4
x = np.round(r.randn(train + test, inputs) * [1, 10, 0.1, 3] + [0, 5, 1, -2], 6)
s = (x - x.mean(0)) / x.std(0)
number = np.round(s @ [1, -2, 0.5, 0] + np.sin(2 * s[:, 3]) + 0.3 * r.randn(train + test), 6)
two = (s @ [1, 1, 0, -1] + r.randn(train + test) > 0.5).astype(int)
three = np.argmax(s[:, :3] + 0.8 * r.randn(train + test, 3), 1)

mean, sd = x[:train].mean(0), x[:train].std(0)
a, b = (x[:train] - mean) / sd, (x[train:] - mean) / sd
out = {"sklearn": sklearn.__version__, "x": x.tolist(), "number": number.tolist(), "two": two.tolist(), "three": three.tolist(), "train": train}

for name, y in (("two", two), ("three", three)):
    for alpha in (1.0, 0.1):
        for balanced in (False, True):
            m = LogisticRegression(solver="newton-cg", C=1 / alpha, tol=1e-12, max_iter=100000, class_weight="balanced" if balanced else None, **({"multi_class": "multinomial"} if name == "three" and sklearn.__version__ < "1.5" else {}))
            p = m.fit(a, y[:train]).predict_proba(b)
            out[f"logistic {name} {alpha} {'balanced' if balanced else 'none'}"] = (p[:, 1:] if name == "two" else p).tolist()
for weights in ("uniform", "distance"):
    for k in (1, 5):
        out[f"knn number {k} {weights}"] = [[v] for v in KNeighborsRegressor(k, weights=weights).fit(a, number[:train]).predict(b)]
        out[f"knn three {k} {weights}"] = KNeighborsClassifier(k, weights=weights).fit(a, three[:train]).predict_proba(b).tolist()

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "classical.json"), "w") as f:
    json.dump(out, f)
