#!/usr/bin/python3
# Convolution, pooling and normalisation in double precision, by PyTorch: values, gradients, and gradients of the sum of
# squared gradients. Writes convolution.json beside itself.   /usr/bin/python3 convolution.py
import json, os
import numpy as np, torch
import torch.nn.functional as F
torch.set_num_threads(1)
rng = np.random.default_rng(3)
def t(*shape): return torch.tensor(np.round(rng.normal(size=shape), 6), dtype=torch.float64).requires_grad_(True)
def nchw(x): return x.permute(0, 3, 1, 2)
def nhwc(x): return x.permute(0, 2, 3, 1)
def conv(x, w, **o): return nhwc(F.conv2d(nchw(x), w.permute(3, 2, 0, 1), **o))
def bn(x, g, b): return nhwc(F.batch_norm(nchw(x), None, None, g, b, training=True))
out = {}
def case(name, f, **inputs):
    y = f(**inputs); weights = torch.tensor(np.round(rng.uniform(0.5, 1.5, size=tuple(y.shape)), 6), dtype=torch.float64)
    loss = (torch.tanh(y) * weights).sum(); xs = list(inputs.values())
    g = torch.autograd.grad(loss, xs, create_graph=True)
    h = torch.autograd.grad(sum((s ** 2).sum() for s in g), xs)
    flat = lambda v: dict(shape=list(v.shape), data=v.detach().reshape(-1).tolist())
    out[name] = dict(inputs={k: flat(v) for k, v in inputs.items()}, weights=flat(weights), y=flat(y),
                     first=[flat(v) for v in g], second=[flat(v) for v in h])
case("plain", lambda x, w: conv(x, w), x=t(2, 5, 4, 3), w=t(3, 2, 3, 4))
case("strided", lambda x, w: conv(x, w, stride=2, padding=1), x=t(2, 5, 6, 2), w=t(3, 3, 2, 3))
case("grouped", lambda x, w: conv(x, w, groups=2, padding=1), x=t(2, 4, 4, 4), w=t(3, 3, 2, 6))
case("maxPool", lambda x: nhwc(F.max_pool2d(nchw(x), 2)), x=t(2, 4, 6, 2))
case("meanPool", lambda x: nhwc(F.avg_pool2d(nchw(x), 3, 2)), x=t(2, 5, 5, 2))
case("batchNorm", bn, x=t(3, 2, 2, 3), g=t(3), b=t(3))
case("layerNorm", lambda x, g, b: F.layer_norm(x, (4,), g, b), x=t(3, 4), g=t(4), b=t(4))
case("perTask", lambda x, w: torch.stack([conv(x[k], w[k], padding=1) for k in range(2)]), x=t(2, 2, 4, 4, 2), w=t(2, 3, 3, 2, 3))
case("perTaskGrouped", lambda x, w: torch.stack([conv(x[k], w[k], groups=2) for k in range(2)]), x=t(2, 2, 4, 4, 4), w=t(2, 2, 2, 2, 4))
json.dump(out, open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "convolution.json"), "w"))
