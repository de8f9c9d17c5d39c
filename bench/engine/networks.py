"""The networks of the engine bench in PyTorch, as plain eager modules.

Shapes: B batch, Tp prediction horizon, Da action size, G condition size, d time-embedding size, T diffusion steps.
The golden values of tests/golden are made with the same U-Net: the network that is timed is the one that is checked.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Sinusoidal(nn.Module):
    """[B] -> [B, d]: [sin(t f_j)…, cos(t f_j)…], f_j = exp(-j ln(10000) / (d/2 - 1))."""

    def __init__(self, size):
        super().__init__()
        half = size // 2
        frequencies = torch.exp(torch.arange(half) * (-math.log(10000.0) / (half - 1)))
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, t):
        angles = t[:, None] * self.frequencies[None, :]
        return torch.cat((angles.sin(), angles.cos()), dim=-1)


def mlp(sizes, activation):
    layers = []
    for index in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[index], sizes[index + 1]))
        if index < len(sizes) - 2:
            layers.append(activation())
    return nn.Sequential(*layers)


def mixture_loss(raw, action, modes, min_std=1e-4):
    """-mean log p of robomimic's mixture: raw [B, K Da + K Da + K] = means, stds, logits; action [B, Da].

    mean = tanh(raw), std = softplus(raw) + min_std, log w = log softmax(logits); ALGORITHMS.md 2.2.
    """
    size = action.shape[-1]
    means, stds, logits = raw.split((modes * size, modes * size, modes), dim=-1)
    means = torch.tanh(means).view(-1, modes, size)
    stds = F.softplus(stds).view(-1, modes, size) + min_std
    residual = (action[:, None, :] - means) / stds
    constant = 0.5 * size * math.log(2 * math.pi)
    log_normal = -0.5 * (residual * residual).sum(-1) - stds.log().sum(-1) - constant
    return -torch.logsumexp(F.log_softmax(logits, dim=-1) + log_normal, dim=-1).mean()


class Denoiser(nn.Module):
    """MLP noise predictor: (x [B, Tp, Da], t [B] or [1], condition [B, G]) -> [B, Tp, Da]; ALGORITHMS.md 4.4."""

    def __init__(self, horizon=16, action=2, condition=40, width=512, depth=3, time=16):
        super().__init__()
        self.time = nn.Sequential(Sinusoidal(time), nn.Linear(time, 2 * time), nn.Mish(), nn.Linear(2 * time, time))
        flat = horizon * action
        self.body = mlp([flat + time + condition] + [width] * depth + [flat], nn.Mish)

    def forward(self, x, t, condition):
        time = self.time(t).expand(x.shape[0], -1)
        return self.body(torch.cat((x.flatten(1), time, condition), dim=-1)).view_as(x)


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel, groups):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)
        self.norm = nn.GroupNorm(groups, outputs)

    def forward(self, x):
        return F.mish(self.norm(self.conv(x)))


class ResidualBlock(nn.Module):
    """block, FiLM (h = scale h + bias), block, plus the input (through a 1x1 convolution where the width changes)."""

    def __init__(self, inputs, outputs, condition, kernel, groups):
        super().__init__()
        self.first = ConvBlock(inputs, outputs, kernel, groups)
        self.film = nn.Linear(condition, 2 * outputs)
        self.second = ConvBlock(outputs, outputs, kernel, groups)
        self.residual = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, mish_condition):
        scale, bias = self.film(mish_condition)[..., None].chunk(2, dim=1)
        return self.second(self.first(x) * scale + bias) + self.residual(x)


class UNet(nn.Module):
    """Conditional 1-D U-Net: (x [B, Tp, Da], t [B] or [1], condition [B, G]) -> [B, Tp, Da]; ALGORITHMS.md 4.2.

    Every FiLM layer takes Mish of the same condition, so the Mish is computed once.
    """

    def __init__(self, action=2, condition=40, dims=(64, 128, 256), kernel=5, groups=8, time=64):
        super().__init__()
        self.time = nn.Sequential(Sinusoidal(time), nn.Linear(time, 4 * time), nn.Mish(), nn.Linear(4 * time, time))
        size = time + condition

        def block(inputs, outputs):
            return ResidualBlock(inputs, outputs, size, kernel, groups)

        pairs = list(zip((action,) + tuple(dims[:-1]), dims))
        self.down = nn.ModuleList()
        for level, (inputs, outputs) in enumerate(pairs):
            last = level == len(pairs) - 1
            sample = nn.Identity() if last else nn.Conv1d(outputs, outputs, 3, stride=2, padding=1)
            blocks = {"first": block(inputs, outputs), "second": block(outputs, outputs), "sample": sample}
            self.down.append(nn.ModuleDict(blocks))
        self.middle = nn.ModuleList([block(dims[-1], dims[-1]), block(dims[-1], dims[-1])])
        self.up = nn.ModuleList()
        for inputs, outputs in reversed(pairs[1:]):
            sample = nn.ConvTranspose1d(inputs, inputs, 4, stride=2, padding=1)
            blocks = {"first": block(2 * outputs, inputs), "second": block(inputs, inputs), "sample": sample}
            self.up.append(nn.ModuleDict(blocks))
        self.head = ConvBlock(dims[0], dims[0], kernel, groups)
        self.out = nn.Conv1d(dims[0], action, 1)

    def forward(self, x, t, condition):
        time = self.time(t).expand(x.shape[0], -1)
        given = F.mish(torch.cat((time, condition), dim=-1))
        h = x.transpose(1, 2)
        skips = []
        for level in self.down:
            h = level["second"](level["first"](h, given), given)
            skips.append(h)
            h = level["sample"](h)
        for residual in self.middle:
            h = residual(h, given)
        for level in self.up:
            h = torch.cat((h, skips.pop()), dim=1)
            h = level["sample"](level["second"](level["first"](h, given), given))
        return self.out(self.head(h)).transpose(1, 2)


def cosine_schedule(steps=100):
    """Cumulative alpha-bar [T] of squaredcos_cap_v2 in float64; ALGORITHMS.md 4.1."""

    def f(u):
        return math.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [min(1 - f((i + 1) / steps) / f(i / steps), 0.999) for i in range(steps)]
    return torch.cumprod(1 - torch.tensor(betas, dtype=torch.float64), dim=0)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())
