#!/usr/bin/python3
"""Makes metafeatures.json: meta-features by numpy, scipy and scikit-learn, written from their definitions."""
import json
import os

import numpy as np
import sklearn
from scipy import stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

r = np.random.RandomState(5)
n = 120
numbers = r.randn(n, 4) * [1, 10, 0.1, 3] + [0, 5, 1, -2]
numbers[:, 1] = np.round(numbers[:, 1])
numbers[:, 2] = np.exp(8 * numbers[:, 2])
numbers[:, 3] += 2 * numbers[:, 0]
numbers = np.round(numbers, 6)
level = r.randint(0, 3, n)
s = (numbers - numbers.mean(0)) / numbers.std(0)
number = np.round(s @ [1, -2, 0.5, 0] + (level == 1) + np.sin(2 * s[:, 3]) + 0.3 * r.randn(n), 6)
classes = np.argmax(s[:, :3] + 0.8 * r.randn(n, 3), 1)
missing = r.rand(n) < 0.1
numbers[missing, 0] = np.nan
level_missing = r.rand(n) < 0.05


def parts(v):
    present = v[~np.isnan(v)]
    bins = max(2, int(np.floor(np.cbrt(len(present)) + 1e-9)))
    edges = np.unique(np.quantile(present, np.arange(1, bins) / bins))
    return np.where(np.isnan(v), -1, np.digitize(v, edges))


def entropy(*codes):
    _, counts = np.unique(np.stack(codes), axis=1, return_counts=True)
    return stats.entropy(counts, base=2)


def encode():
    columns = []
    for j in range(4):
        v = numbers[:, j]
        gone = np.isnan(v)
        filled = np.where(gone, np.nanmean(v), v)
        columns.append(np.where(gone, 0, (v - np.nanmean(v)) / np.nanstd(v)))
        if gone.any():
            columns.append(gone.astype(float))
    columns += [((level == k) & ~level_missing).astype(float) for k in range(3)]
    columns.append(level_missing.astype(float))
    return np.stack(columns, 1)


x = encode()
fold = np.arange(n) % 5


def out_of_fold(make, y):
    said = np.zeros(n, dtype=y.dtype)
    for f in range(5):
        said[fold == f] = make().fit(x[fold != f], y[fold != f]).predict(x[fold == f])
    return said


def figures(y, is_class):
    present = [numbers[:, j][~np.isnan(numbers[:, j])] for j in range(4)]
    skew = [stats.skew(v) for v in present]
    kurt = [stats.kurtosis(v) for v in present]
    filled = np.where(np.isnan(numbers), np.nanmean(numbers, 0), numbers)
    c = np.corrcoef(filled.T)
    pairs = np.abs(c[np.tril_indices(4, -1)])
    values = np.sort(np.linalg.eigvalsh(c))[::-1]

    def outlier(v):
        low, high = np.quantile(v, [0.25, 0.75])
        return v.min() < low - 1.5 * (high - low) or v.max() > high + 1.5 * (high - low)

    target = y if is_class else parts(y)
    columns = [parts(numbers[:, j]) for j in range(4)] + [np.where(level_missing, -1, level)]
    ent, joint, mutual = [], [], []
    for column in columns:
        here = column >= 0
        ent.append(entropy(column[here]))
        joint.append(entropy(column[here], target[here]))
        mutual.append(ent[-1] + entropy(target[here]) - joint[-1])
    out = {
        "nr_inst": n, "nr_attr": 5, "nr_num": 4, "nr_cat": 1, "nr_bin": 0, "attr_to_inst": 5 / n,
        "PercentageOfMissingValues": 100 * (missing.sum() + level_missing.sum()) / (5 * n),
        "PercentageOfInstancesWithMissingValues": 100 * (missing | level_missing).mean(),
        "skewness.mean": np.mean(skew), "skewness.sd": np.std(skew, ddof=1),
        "kurtosis.mean": np.mean(kurt), "kurtosis.sd": np.std(kurt, ddof=1),
        "cor.mean": pairs.mean(), "cor.max": pairs.max(), "nr_cor_attr": (pairs >= 0.5).mean(),
        "sparsity.mean": np.mean([(len(v) / len(np.unique(v)) - 1) / (len(v) - 1) for v in present]),
        "nr_outliers": sum(outlier(v) for v in present),
        "PCAFractionOfComponentsFor95PercentVariance": (np.argmax(np.cumsum(values) / 4 >= 0.95) + 1) / 4,
        "attr_ent.mean": np.mean(ent), "class_ent": entropy(target), "joint_ent.mean": np.mean(joint),
        "mut_inf.mean": np.mean(mutual), "mut_inf.max": np.max(mutual),
        "eq_num_attr": entropy(target) / np.mean(mutual), "ns_ratio": (np.mean(ent) - np.mean(mutual)) / np.mean(mutual),
    }
    if is_class:
        counts = np.bincount(y)
        out |= {"nr_class": 3, "freq_class.max": counts.max() / n, "freq_class.min": counts.min() / n}
        learners = {
            "one_nn": lambda: KNeighborsClassifier(1), "best_node": lambda: DecisionTreeClassifier(max_depth=1),
            "naive_bayes": GaussianNB, "linear_discr": lambda: LinearDiscriminantAnalysis(solver="lsqr"),
        }
        score, tree = accuracy_score, DecisionTreeClassifier
    else:
        strengths = [abs(np.corrcoef(filled[:, j], y)[0, 1]) for j in range(4)]
        out |= {
            "skewness.target": stats.skew(y), "kurtosis.target": stats.kurtosis(y),
            "cor_target.mean": np.mean(strengths), "cor_target.max": np.max(strengths),
        }
        learners = {
            "one_nn": lambda: KNeighborsRegressor(1), "best_node": lambda: DecisionTreeRegressor(max_depth=1),
            "linear_regr": lambda: Ridge(1.0),
        }
        score, tree = r2_score, DecisionTreeRegressor
    for name, make in learners.items():
        out[name] = score(y, out_of_fold(make, y))
    t = tree(max_depth=10, min_samples_leaf=5, random_state=0).fit(x, y)
    out |= {
        "leaves": t.get_n_leaves(), "tree_depth.max": t.get_depth(), "nodes_per_attr": (t.tree_.node_count - t.get_n_leaves()) / 5,
        "var_importance.max": t.feature_importances_.max(),
    }
    return {k: float(v) for k, v in out.items()}


hole = lambda v: [None if np.isnan(a) else float(a) for a in v]
document = {
    "sklearn": sklearn.__version__,
    "numbers": [hole(numbers[:, j]) for j in range(4)],
    "level": [None if m else int(v) for v, m in zip(level, level_missing)],
    "number": number.tolist(),
    "classes": classes.tolist(),
    "figures": {"number": figures(number, False), "classes": figures(classes, True)},
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "metafeatures.json"), "w") as f:
    json.dump(document, f, indent=1)
