"""Single trees of scikit-learn on all rows and inputs, which are deterministic but for equal cuts: small leaves are left out, where many are equal.
Run: python3 forest.py > forest.json"""
import json, sys, numpy as np, sklearn
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

r = np.random.RandomState(5)
n, f = 120, 4
X = np.round(r.randn(n, f), 3).astype(np.float32)
signal = np.where(X[:, 0] > 0.2, 2, 0) + X[:, 1] * (X[:, 2] > 0) + 0.3 * r.randn(n)
Y = np.round(np.stack([signal, -signal + X[:, 3], r.randn(n) + X[:, 2] ** 2], 1), 4)
Y = (Y - Y.mean(0)) / Y.std(0)
k = np.digitize(signal, [0, 1.5])
w = np.round(r.uniform(0.5, 2, n), 3)
A = np.round(r.randn(40, f), 3).astype(np.float32)

def tree(model, *fit, proba=False, **kw):
    model.fit(X, *fit, **kw)
    return (model.predict_proba(A) if proba else model.predict(A)).tolist()

out = {
    "sklearn": sklearn.__version__,
    "x": X.astype(float).round(3).tolist(), "y": Y.tolist(), "classes": k.tolist(), "weight": w.tolist(), "asked": A.astype(float).round(3).tolist(),
    "one target, leaf 5": tree(DecisionTreeRegressor(min_samples_leaf=5, random_state=0), Y[:, 0]),
    "one target, leaf 4, weighted": tree(DecisionTreeRegressor(min_samples_leaf=4, random_state=0), Y[:, 0], sample_weight=w),
    "three targets, leaf 3": tree(DecisionTreeRegressor(min_samples_leaf=3, random_state=0), Y),
    "three targets, depth 3": tree(DecisionTreeRegressor(max_depth=3, random_state=0), Y),
    "three classes, depth 3": tree(DecisionTreeClassifier(max_depth=3, random_state=0), k, proba=True),
}
json.dump(out, sys.stdout)
