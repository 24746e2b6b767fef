# Losses and gradients of the benchmark's workloads in double precision, with PyTorch's own differentiation. Reads one
# workload as JSON on standard input ({ name, shapes, theta, data }), writes { loss, gradient } on standard output.
import base64, json, sys
import numpy as np, torch
import torch.nn.functional as F
torch.set_num_threads(1)
job = json.load(sys.stdin)
def array(text, shape): return torch.tensor(np.frombuffer(base64.b64decode(text), np.float32).astype(np.float64).reshape(shape))
flat = array(job["theta"], [-1]); p = []; at = 0
for shape in job["shapes"]:
    n = int(np.prod(shape)); p.append(flat[at:at + n].reshape(shape).clone().requires_grad_(True)); at += n
data = {name: array(d["data"], d["shape"])[0] for name, d in job["data"].items()}

def forward(q, x):
    for k in range(0, len(q), 2):
        x = x @ q[k] + q[k + 1]
        if k + 2 < len(q): x = F.relu(x)
    return x
def maml(rate, miss, ys, yq):
    total = 0.0; tasks = data["xs"].shape[0]
    for t in range(tasks):
        g = torch.autograd.grad(miss(forward(p, data["xs"][t]), ys[t]), p, create_graph=True)
        total = total + miss(forward([q - rate * s for q, s in zip(p, g)], data["xq"][t]), yq[t])
    return total / tasks
def sine(): return maml(0.01, lambda z, y: ((z - y) ** 2).mean(), data["ys"], data["yq"])
def omniglot():
    y = torch.arange(5).repeat(data["xs"].shape[0], 1)
    return maml(0.4, F.cross_entropy, y, y)
def multitask():
    z = F.relu(forward(p[:4], data["x"]))
    return sum(((forward(p[4 + 4 * h:8 + 4 * h], z)[:, 0] - data["y"][:, h]) ** 2).mean() for h in range(7))
def rnn():
    wx, wh, b, wo, bo = p; h = torch.zeros(data["x"].shape[1], wh.shape[0], dtype=torch.float64); hs = []
    for x in data["x"]:
        h = torch.tanh(x @ wx + b + h @ wh); hs.append(h)
    return ((torch.stack(hs) @ wo + bo - data["y"]) ** 2).mean()
loss = dict(maml_sine=sine, maml_omniglot_mlp=omniglot, multitask_mlp=multitask, rnn_bptt=rnn)[job["name"]]()
g = torch.autograd.grad(loss, p)
out = torch.cat([x.reshape(-1) for x in g]).numpy().astype(np.float64)
json.dump(dict(loss=loss.item(), gradient=base64.b64encode(out.tobytes()).decode()), sys.stdout)
