"""Quantiles and tests from scipy. Run: python3 test/golden/stats/distributions.py > test/golden/stats/distributions.json"""
import json
import numpy as np
from scipy import stats

rng = np.random.default_rng(3)
ps = [1e-6, 0.01, 0.025, 0.3, 0.5, 0.9, 0.975, 0.9995]
dfs = [1, 2, 4, 9, 29.5, 138, 1000]
zs = [-6, -3.2, -1, 0, 0.4, 2.9, 3.1, 5]
out = {
    "t": [[p, df, stats.t.ppf(p, df)] for p in ps for df in dfs],
    "tCdf": [[t, df, stats.t.cdf(t, df)] for t in zs for df in dfs],
    "normal": [[p, stats.norm.ppf(p)] for p in ps],
    "normalCdf": [[z, stats.norm.cdf(z)] for z in zs],
    "range": [[k, stats.studentized_range.ppf(0.95, k, 1e7)] for k in [2, 3, 5, 10]],
    "chi": [[x, df, stats.chi2.sf(x, df)] for x in [0.5, 3, 12, 40] for df in [1, 2, 7, 30]],
}

wilcoxon = []
for n in [6, 12, 20, 60]:
    a = np.round(rng.normal(0.3, 1, n), 3)
    a[a == 0] = 0.1
    mode = "exact" if n <= 25 else "approx"
    wilcoxon.append({"d": a.tolist(), "mode": mode,
                     "p": stats.wilcoxon(a, mode=mode, correction=mode == "approx").pvalue})
ties = np.round(rng.normal(0.4, 1, 40), 0)
wilcoxon.append({"d": ties.tolist(), "mode": "approx",
                 "p": stats.wilcoxon(ties, mode="approx", correction=True, zero_method="wilcox").pvalue})
table = np.round(rng.normal(0, 1, (15, 4)) + np.array([0, 0.4, 0.9, 1.1]), 1)
f = stats.friedmanchisquare(*table.T)
out["wilcoxon"] = wilcoxon
out["friedman"] = {"table": table.tolist(), "statistic": f.statistic, "p": f.pvalue,
                   "ranks": stats.rankdata(table, axis=1).mean(0).tolist()}
p = [0.001, 0.04, 0.03, 0.005, 0.6]
o = np.argsort(p)
adj, run = [0.0] * 5, 0.0
for i, j in enumerate(o):
    run = max(run, min(1, (5 - i) * p[j]))
    adj[j] = run
out["holm"] = {"p": p, "adjusted": adj}
print(json.dumps(out, indent=1))
