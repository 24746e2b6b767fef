"""Reference metric figures from scikit-learn. Run: python3 test/golden/stats/metrics.py > test/golden/stats/metrics.json"""
import json
import numpy as np
from sklearn import metrics as m

rng = np.random.default_rng(7)
n = 60
truth = rng.normal(3, 2, n)
pred = truth + rng.normal(0.2, 0.9, n)
weight = rng.uniform(0.2, 3, n)
plain = 2.7

label = (rng.random(n) < 0.35).astype(int)
prob = np.round(np.clip(0.3 * label + 0.7 * rng.random(n), 0.01, 0.99), 2)  # rounded: ties for the area
decided = (prob > 0.5).astype(int)
share = np.array([0.6, 0.4])

classes = rng.integers(0, 3, n)
many = rng.dirichlet([1, 1, 1], n) * 0.6 + 0.4 * np.eye(3)[classes]
many /= many.sum(1, keepdims=True)
best = many.argmax(1)
shares = np.array([0.2, 0.5, 0.3])
onehot = np.eye(3)[classes]


def numbers(w):
    mse = m.mean_squared_error(truth, pred, sample_weight=w)
    base = m.mean_squared_error(truth, np.full(n, plain), sample_weight=w)
    return {
        "rmse": mse**0.5,
        "mae": m.mean_absolute_error(truth, pred, sample_weight=w),
        "r2": m.r2_score(truth, pred, sample_weight=w),
        "explained-variance": m.explained_variance_score(truth, pred, sample_weight=w),
        "rrmse": (mse / base) ** 0.5,
        "skill": 1 - mse / base,
    }


def binary(w):
    base = np.average((share[1] - label) ** 2, weights=w)
    brier = m.brier_score_loss(label, prob, sample_weight=w)
    return {
        "accuracy": m.accuracy_score(label, decided, sample_weight=w),
        "balanced-accuracy": m.balanced_accuracy_score(label, decided, sample_weight=w),
        "log-loss": m.log_loss(label, prob, sample_weight=w),
        "auc": m.roc_auc_score(label, prob, sample_weight=w),
        "f1-macro": m.f1_score(label, decided, average="macro", sample_weight=w),
        "brier": brier,
        "skill": 1 - brier / base,
    }


def multiclass(w):
    brier = np.average(((many - onehot) ** 2).sum(1), weights=w)
    base = np.average(((shares - onehot) ** 2).sum(1), weights=w)
    return {
        "accuracy": m.accuracy_score(classes, best, sample_weight=w),
        "balanced-accuracy": m.balanced_accuracy_score(classes, best, sample_weight=w),
        "log-loss": m.log_loss(classes, many, sample_weight=w),
        "auc": m.roc_auc_score(classes, many, multi_class="ovr", average="macro", sample_weight=w),
        "f1-macro": m.f1_score(classes, best, average="macro", sample_weight=w),
        "brier": brier,
        "skill": 1 - brier / base,
    }


print(json.dumps({
    "weight": weight.tolist(),
    "regression": {"truth": truth.tolist(), "prediction": pred.tolist(), "plain": [plain],
                   "plainFigures": numbers(None), "weighted": numbers(weight)},
    "binary": {"truth": label.tolist(), "prediction": prob.tolist(), "plain": share.tolist(),
               "plainFigures": binary(None), "weighted": binary(weight)},
    "multiclass": {"truth": classes.tolist(), "prediction": many.ravel().tolist(), "plain": shares.tolist(),
                   "plainFigures": multiclass(None), "weighted": multiclass(weight)},
}, indent=1))
