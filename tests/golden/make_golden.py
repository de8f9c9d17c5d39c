"""Golden values from PyTorch in float64: values and gradients that our engine is compared with.

    python tests/golden/make_golden.py            writes tests/golden/*.json and python.safetensors
    python tests/golden/make_golden.py --check    fails when a committed file differs from what this machine makes

Every file names the script, torch version and seed that made it. A tensor is {"shape": […], "data": […]}, row-major.
Inputs and parameters are rounded to a few decimals BEFORE the computation, so a file holds exactly the numbers
used; results are rounded to 9 significant digits (the parameters' gradients of network.json to 7, of unet.json to 5).
"gradients" are those of sum over outputs of (output * given), or of "loss" where there is one. Names and layouts are
PyTorch's: Linear [out, in], Conv [out, in, k…], ConvTranspose [in, out, k…], GRU gates r, z, n and LSTM gates i, f, g,
o stacked along the first axis, attention's in_proj rows q, k, v.
"""

import argparse
import json
import sys
from pathlib import Path

import safetensors.torch
import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "bench" / "engine"))

from networks import Sinusoidal, UNet, cosine_schedule, count, mixture_loss  # noqa: E402
from whole_network import WholeNetwork, spatial_softmax  # noqa: E402

SEED = 20260
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def drawn(*shape, scale=1.0, decimals=3):
    return (torch.randn(*shape) * scale).round(decimals=decimals)


def tensor(value, digits=9):
    value = torch.as_tensor(value)
    if value.dtype == torch.int64:
        return {"shape": list(value.shape), "data": value.flatten().tolist()}
    data = [float(f"{number:.{digits}g}") for number in value.detach().flatten().tolist()]
    return {"shape": list(value.shape), "data": [int(number) if number == int(number) else number for number in data]}


def tensors(named, digits=9):
    return {name: tensor(value, digits) for name, value in named.items()}


def settle(module, decimals=4):
    """Rounds a module's parameters, and moves the ones that start at 0 or 1 away from there, so that they matter."""
    with torch.no_grad():
        for parameter in module.parameters():
            constant = parameter.numel() > 1 and bool((parameter == parameter.flatten()[0]).all())
            fresh = parameter + 0.3 * torch.randn_like(parameter) if constant or parameter.numel() == 1 else parameter
            parameter.copy_(fresh.round(decimals=decimals))
    return module


def case(name, forward, inputs, module=None, **options):
    """One golden case: forward(inputs…) -> a tensor or a dict of tensors; gradients of sum(output * given)."""
    leaves = {key: value.clone().requires_grad_(value.is_floating_point()) for key, value in inputs.items()}
    outputs = forward(**leaves)
    outputs = outputs if isinstance(outputs, dict) else {"output": outputs}
    given = {key: drawn(*value.shape) for key, value in outputs.items()}
    parameters = dict(module.named_parameters()) if module else {}
    wanted = {key: leaf for key, leaf in leaves.items() if leaf.requires_grad} | parameters
    loss = sum((outputs[key] * given[key]).sum() for key in outputs)
    gradients = dict(zip(wanted, torch.autograd.grad(loss, list(wanted.values()))))
    return {
        "name": name,
        "options": options,
        "inputs": tensors(inputs),
        "parameters": tensors(parameters),
        "outputs": tensors(outputs),
        "given": tensors(given),
        "gradients": tensors(gradients),
    }


def convolutions():
    made = []

    def add(name, module, x, **options):
        settle(module)
        made.append(case(name, lambda x: module(x), {"x": x}, module, **options))

    for kernel, stride, padding in ((1, 1, 0), (3, 1, 1), (5, 1, 2), (3, 2, 1), (5, 2, 2)):
        module = nn.Conv1d(3, 4, kernel, stride=stride, padding=padding)
        add(
            f"conv1d k{kernel} s{stride} p{padding}",
            module,
            drawn(2, 3, 8),
            kernel=kernel,
            stride=stride,
            padding=padding,
        )
    add("conv1d k3 s2 p1, odd length", nn.Conv1d(2, 3, 3, 2, 1), drawn(2, 2, 7), kernel=3, stride=2, padding=1)
    transposed = nn.ConvTranspose1d(3, 2, 4, stride=2, padding=1)
    add("conv_transpose1d k4 s2 p1", transposed, drawn(2, 3, 4), kernel=4, stride=2, padding=1)
    add("conv2d k3 s1 p1", nn.Conv2d(2, 3, 3, 1, 1), drawn(2, 2, 4, 5), kernel=3, stride=1, padding=1)
    add("conv2d k3 s2 p1", nn.Conv2d(3, 2, 3, 2, 1), drawn(2, 3, 6, 6), kernel=3, stride=2, padding=1)
    add("conv2d k3 s2 p1, odd size", nn.Conv2d(2, 2, 3, 2, 1), drawn(1, 2, 5, 7), kernel=3, stride=2, padding=1)
    transposed = nn.ConvTranspose2d(2, 3, 4, stride=2, padding=1)
    add("conv_transpose2d k4 s2 p1", transposed, drawn(2, 2, 3, 3), kernel=4, stride=2, padding=1)
    return made


def recurrent_layers():
    made = []
    for name, kind in (("gru", nn.GRU), ("lstm", nn.LSTM)):
        module = settle(kind(3, 4, num_layers=2, batch_first=True))
        state = {"h0": drawn(2, 2, 4, scale=0.5)} | ({"c0": drawn(2, 2, 4, scale=0.5)} if name == "lstm" else {})

        def forward(x, h0, c0=None, module=module):
            output, final = module(x, h0 if c0 is None else (h0, c0))
            return {"output": output} | ({"hN": final} if c0 is None else {"hN": final[0], "cN": final[1]})

        axes = "x [B, To, in], h0 [layers, B, hidden], output [B, To, hidden]"
        made.append(case(name, forward, {"x": drawn(2, 4, 3)} | state, module, layers=2, hidden=4, axes=axes))
    return made


class FiLM(nn.Module):
    """[B, C, L] by a condition [B, G]: Mish, Linear to 2C, first half scale, second half bias; h = scale x + bias."""

    def __init__(self, channels, condition, scale):
        super().__init__()
        self.scale = scale
        self.linear = nn.Linear(condition, (2 if scale else 1) * channels)

    def forward(self, x, condition):
        made = self.linear(F.mish(condition))[..., None]
        if not self.scale:
            return x + made
        scale, bias = made.chunk(2, dim=1)
        return x * scale + bias


def layers():
    made = []

    def add(name, module, inputs, **options):
        settle(module)
        made.append(case(name, module, inputs, module, **options))

    linear = settle(nn.Linear(3, 4))
    made.append(case("linear", lambda x: linear(x), {"x": drawn(5, 3)}, linear))
    made.append(case("linear, rank 3", lambda x: linear(x), {"x": drawn(2, 3, 3)}, linear))
    norm = settle(nn.LayerNorm(6))
    made.append(case("layer_norm", lambda x: norm(x), {"x": drawn(2, 3, 6)}, norm, epsilon=1e-5))
    groups = settle(nn.GroupNorm(2, 4))
    made.append(case("group_norm", lambda x: groups(x), {"x": drawn(2, 4, 3)}, groups, groups=2, epsilon=1e-5))
    table = settle(nn.Embedding(5, 3))
    ids = torch.tensor([[4, 0, 4], [2, 4, 1]])
    made.append(case("embedding", lambda indices: table(indices), {"indices": ids}, table))
    made += convolutions() + recurrent_layers()

    attention = settle(nn.MultiheadAttention(8, 2, batch_first=True))
    mask = torch.triu(torch.ones(4, 4, dtype=torch.bool), diagonal=1)
    attend = lambda x: attention(x, x, x, attn_mask=mask, need_weights=False)[0]  # noqa: E731
    made.append(case("attention, causal", attend, {"x": drawn(2, 4, 8)}, attention, heads=2, causal=True))
    plain = lambda x: attention(x, x, x, need_weights=False)[0]  # noqa: E731
    made.append(case("attention", plain, {"x": drawn(2, 4, 8)}, attention, heads=2, causal=False))

    times = torch.tensor([0.0, 1.0, 7.0, 50.0, 99.0])
    made.append(case("sinusoidal", lambda t: Sinusoidal(8)(t), {"t": times}, size=8))
    add("film", FiLM(3, 5, scale=True), {"x": drawn(2, 3, 4), "condition": drawn(2, 5)}, scale=True)
    add("film, bias only", FiLM(3, 5, scale=False), {"x": drawn(2, 3, 4), "condition": drawn(2, 5)}, scale=False)
    points = torch.tensor([-30.0, -8.0, -3.0, -1.0, -0.001, 0.0, 0.001, 0.5, 1.0, 3.0, 8.0, 30.0])
    activations = {
        "mish": F.mish,
        "silu": F.silu,
        "gelu": F.gelu,
        "gelu, tanh": lambda x: F.gelu(x, approximate="tanh"),
        "softplus": F.softplus,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
    }
    for name, activation in activations.items():
        made.append(case(name, lambda x, f=activation: f(x), {"x": points}))
    note = "[B, C, H, W] -> [B, C, 2]: expected x (along W) then y (along H), pixel centres at linspace(-1, 1)"
    made.append(case("spatial_softmax", lambda x: spatial_softmax(x), {"x": drawn(2, 3, 4, 5)}, axes=note))
    return {"about": "single layers; loss = sum(output * given)", "cases": made}


def gradients_of(loss, module, digits):
    loss.backward()
    return {name: tensor(parameter.grad, digits) for name, parameter in module.named_parameters()}


def network():
    module = settle(WholeNetwork())
    inputs = {
        "image": torch.rand(2, 3, 12, 12).round(decimals=2),
        "tokens": torch.tensor([[1, 4, 1], [0, 2, 3]]),
        "states": drawn(2, 4, 3),
        "t": torch.tensor([3.0, 42.0]),
        "chunk": drawn(2, 8, 2),
        "action": torch.tensor([[0.25, -0.5], [-0.7, 0.1]]),
    }
    stages = module(**inputs)
    return {
        "about": WholeNetwork.__doc__,
        "source": "tests/golden/whole_network.py",
        "parameterCount": count(module),
        "inputs": tensors(inputs),
        "parameters": tensors(dict(module.named_parameters())),
        "stages": tensors({name: value for name, value in stages.items() if name != "loss"}),
        "loss": float(f"{stages['loss'].item():.9g}"),
        "gradients": gradients_of(stages["loss"], module, 7),
    }


def unet():
    options = {"action": 2, "condition": 6, "dims": (8, 16), "kernel": 5, "groups": 4, "time": 8}
    module = settle(UNet(**options), decimals=2)
    inputs = {"x": drawn(2, 8, 2), "t": torch.tensor([7.0, 81.0]), "condition": drawn(2, 6)}
    leaves = {name: value.clone().requires_grad_() for name, value in inputs.items()}
    output = module(leaves["x"], leaves["t"], leaves["condition"])
    given = drawn(*output.shape)
    gradients = gradients_of((output * given).sum(), module, 5)
    return {
        "about": "conditional 1-D U-Net (ALGORITHMS.md 4.2, cond_predict_scale True); gradients of sum(output * given)",
        "source": "bench/engine/networks.py",
        "options": options,
        "parameterCount": count(module),
        "inputs": tensors(inputs),
        "parameters": tensors(dict(module.named_parameters())),
        "output": tensor(output),
        "given": tensor(given),
        "inputGradients": {name: tensor(leaf.grad) for name, leaf in leaves.items()},
        "gradients": gradients,
    }


def initialisation():
    """Bounds of PyTorch's default initialisation, and how near a large fresh layer comes to each."""

    def uniform(parameter, bound):
        parameter = parameter.detach()
        observed = {"largest": parameter.abs().max().item(), "std": parameter.std().item()}
        return {"distribution": "uniform", "bound": bound, "std": bound / 3**0.5, "observed": observed}

    def normal(parameter):
        return {"distribution": "normal", "mean": 0, "std": 1, "observed": {"std": parameter.detach().std().item()}}

    def constant(parameter, value):
        if not bool((parameter == value).all()):
            raise SystemExit(f"expected every entry to be {value}")
        return {"distribution": "constant", "value": value}

    def fan_in(module, size):
        return {"weight": uniform(module.weight, size**-0.5), "bias": uniform(module.bias, size**-0.5)}

    made = {
        "linear [out 300, in 64]": fan_in(nn.Linear(64, 300), 64),
        "conv1d [out 200, in 16, k 5]": fan_in(nn.Conv1d(16, 200, 5), 16 * 5),
        "conv2d [out 200, in 8, k 3 3]": fan_in(nn.Conv2d(8, 200, 3), 8 * 9),
        "conv_transpose1d [in 16, out 200, k 4]": fan_in(nn.ConvTranspose1d(16, 200, 4), 200 * 4),
        "conv_transpose2d [in 8, out 200, k 4 4]": fan_in(nn.ConvTranspose2d(8, 200, 4), 200 * 16),
        "embedding [100, 64]": {"weight": normal(nn.Embedding(100, 64).weight)},
    }
    for name, module in (("gru", nn.GRU(48, 100)), ("lstm", nn.LSTM(48, 100))):
        made[f"{name} [in 48, hidden 100]"] = {key: uniform(value, 0.1) for key, value in module.named_parameters()}
    attention = nn.MultiheadAttention(96, 4)
    made["attention [96]"] = {
        "in_proj_weight": uniform(attention.in_proj_weight, (6 / (96 + 3 * 96)) ** 0.5),
        "in_proj_bias": constant(attention.in_proj_bias, 0),
        "out_proj.weight": uniform(attention.out_proj.weight, 96**-0.5),
        "out_proj.bias": constant(attention.out_proj.bias, 0),
    }
    for name, module in (("layer_norm", nn.LayerNorm(32)), ("group_norm", nn.GroupNorm(4, 32))):
        made[name] = {"weight": constant(module.weight, 1), "bias": constant(module.bias, 0)}
    rules = {
        "linear, conv": "weight and bias U(-b, b), b = 1/sqrt(fan_in); kaiming_uniform(a = sqrt(5)) gives the same",
        "conv_transpose": "the same, but torch counts fan_in on axis 1 of [in, out, k…]: fan_in = out * k",
        "gru, lstm": "every parameter U(-b, b), b = 1/sqrt(hidden)",
        "embedding": "N(0, 1)",
        "attention": "in_proj_weight [3E, E] xavier_uniform over its own shape: b = sqrt(6 / (E + 3E)); both biases 0; "
        "out_proj.weight as a linear layer",
        "norms": "weight 1, bias 0",
    }
    return {"about": "default initialisation; observed values are of one fresh layer", "rules": rules, "layers": made}


def heads():
    modes, size = 5, 7
    means, stds, logits = drawn(3, modes * size, scale=0.4), drawn(3, modes * size, scale=0.5), drawn(3, modes)
    raw = torch.cat((means, stds, logits), dim=1)
    action = (torch.rand(3, size) * 2 - 1).round(decimals=3)
    narrow = raw.clone()
    narrow[:, modes * size : 2 * modes * size] -= (
        8  # stds of 1e-4 … 1e-2: all modes but the nearest underflow a plain exp
    )
    narrow = narrow.round(decimals=3)
    near = (torch.tanh(raw[:, 2 * size : 3 * size]) + 5e-4 * torch.randn(3, size)).round(decimals=6)  # the third mode
    mixtures = []
    for name, value, action in (("5 modes, 7 actions", raw, action), ("narrow modes, at the third", narrow, near)):
        leaf = value.clone().requires_grad_()
        loss = mixture_loss(leaf, action, modes)
        (gradient,) = torch.autograd.grad(loss, leaf)
        rows = torch.stack([-mixture_loss(value[i : i + 1], action[i : i + 1], modes) for i in range(3)])
        results = {"loss": loss, "logProbabilities": rows, "gradient": gradient}
        options = {"modes": modes, "minStd": 1e-4, "layout": "[means K*Da, raw stds K*Da, logits K]"}
        inputs = tensors({"raw": value, "action": action})
        mixtures.append({"name": name, "options": options, "inputs": inputs, **tensors(results)})

    bars = cosine_schedule(100)
    clean, noise, t = drawn(3, 4, 2, scale=0.5), drawn(3, 4, 2), torch.tensor([3, 70, 99])
    scale, spread = bars[t].sqrt()[:, None, None], (1 - bars[t]).sqrt()[:, None, None]
    noisy = scale * clean + spread * noise
    diffusions = []
    for kind, target in (("epsilon", noise), ("sample", clean), ("v", scale * noise - spread * clean)):
        predicted = drawn(3, 4, 2).requires_grad_()
        loss = F.mse_loss(predicted, target)
        (gradient,) = torch.autograd.grad(loss, predicted)
        inputs = tensors({"clean": clean, "noise": noise, "t": t, "predicted": predicted})
        results = {"noisy": noisy, "target": target, "loss": loss, "gradient": gradient}
        diffusions.append({"name": kind, "options": {"steps": 100}, "inputs": inputs, **tensors(results)})
    about = (
        "mixture: -mean log p, gradient wrt raw. diffusion: squaredcos_cap_v2, t = T-1 noisiest; gradient wrt predicted"
    )
    return {"about": about, "mixture": mixtures, "diffusion": diffusions}


def training():
    """Eight updates of a 3-5-2 MLP with everything on: clipping, AdamW, warm-up and cosine, EMA."""
    module = settle(nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)))
    initial = tensors({name: value.detach().clone() for name, value in module.named_parameters()})
    options = {"rate": 0.01, "warmup": 3, "updates": 10, "beta1": 0.95, "beta2": 0.999, "epsilon": 1e-8}
    options |= {"weightDecay": 0.1, "clip": 0.2, "emaPower": 0.75}
    adam = torch.optim.AdamW(module.parameters(), lr=0.01, betas=(0.95, 0.999), eps=1e-8, weight_decay=0.1)
    shadows = [parameter.detach().clone() for parameter in module.parameters()]
    updates = []
    for update in range(8):
        warm = update / 3 if update < 3 else 0.5 * (1 + torch.cos(torch.pi * torch.tensor((update - 3) / 7)).item())
        adam.param_groups[0]["lr"] = 0.01 * warm
        x, y = drawn(4, 3), drawn(4, 2)
        loss = F.mse_loss(module(x), y)
        adam.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(module.parameters(), 0.2)
        adam.step()
        age = max(0, update - 1)  # the counter is read before it is incremented; ALGORITHMS.md 4.7
        decay = 0.0 if age == 0 else min(0.9999, 1 - (1 + age) ** -0.75)
        with torch.no_grad():
            for shadow, parameter in zip(shadows, module.parameters()):
                shadow.mul_(decay).add_(parameter, alpha=1 - decay)
        rates = {"rate": 0.01 * warm, "loss": loss.item(), "gradientNorm": norm.item(), "emaDecay": decay}
        updates.append({**{key: float(f"{value:.9g}") for key, value in rates.items()}, **tensors({"x": x, "y": y})})
    names = [name for name, _ in module.named_parameters()]
    return {
        "about": "L2 loss (mean), clip_grad_norm_ (norm + 1e-6), AdamW, diffusers' cosine with warm-up, then EMA",
        "options": options,
        "parameters": initial,
        "updates": updates,
        "final": tensors(dict(module.named_parameters())),
        "ema": tensors(dict(zip(names, shadows))),
    }


FILES = {
    "layers": layers,
    "network": network,
    "unet": unet,
    "initialisation": initialisation,
    "heads": heads,
    "training": training,
}


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


def python_safetensors():
    """A file as the official library writes it: several dtypes, a scalar, an empty tensor, metadata."""
    torch.manual_seed(SEED)
    named = {
        "layer.weight": torch.randn(2, 3).float(),
        "layer.bias": torch.tensor([0.0, -0.0, 1e-40, torch.inf, -3.5]).float(),
        "double": torch.tensor([[1 / 3], [-1e300]]),
        "counter": torch.tensor(2**40 + 1),
        "index": torch.tensor([-1, 2**31 - 1], dtype=torch.int32),
        "pixels": torch.tensor([[0, 128, 255]], dtype=torch.uint8),
        "valid": torch.tensor([True, False]),
        "empty": torch.zeros(0, 4).float(),
    }
    return safetensors.torch.save(named, metadata={"note": "Grüße"})


def text(name):
    torch.manual_seed(SEED)
    version = torch.__version__.split("+")[0]
    made_by = {"script": "tests/golden/make_golden.py", "torch": version, "seed": SEED, "dtype": "float64"}
    return json.dumps(rounded({"madeBy": made_by, **FILES[name]()}), separators=(",", ":")) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write or check the files of tests/golden.")
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing")
    check = parser.parse_args().check
    stale = 0
    contents = {f"{name}.json": text(name).encode() for name in FILES} | {"python.safetensors": python_safetensors()}
    for name, made in contents.items():
        path = HERE / name
        same = path.exists() and path.read_bytes() == made
        stale += not same
        if not check:
            path.write_bytes(made)
        state = "same" if same else "differs" if check else "written"
        print(f"{path.name:24} {len(made):8} bytes {state}")
    sys.exit(1 if check and stale else 0)
