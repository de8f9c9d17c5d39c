"""The small network that contains every kind of layer; its TypeScript twin is written from this file."""

import torch
from torch import nn
from torch.nn import functional as F

from networks import ConvBlock, ResidualBlock, Sinusoidal, mixture_loss

MODES, ACTION = 2, 2


def spatial_softmax(x):
    """[B, C, H, W] -> [B, C, 2]: softmax over the H W positions, then the expected x (along W) and y (along H)."""
    batch, channels, height, width = x.shape
    weight = x.flatten(2).softmax(dim=-1).view(batch, channels, height, width)
    along_x = (weight.sum(2) * torch.linspace(-1, 1, width)).sum(-1)
    along_y = (weight.sum(3) * torch.linspace(-1, 1, height)).sum(-1)
    return torch.stack((along_x, along_y), dim=-1)


class WholeNetwork(nn.Module):
    """Every layer kind in one loss. B 2; image [B, 3, 12, 12], tokens [B, 3] in 0…4, states [B, 4, 3], t [B],
    chunk [B, 8, 2], action [B, 2]. In order:

    pixels    = relu(conv2d(image))                                     k3 s2 p1, 3 -> 4: [B, 4, 6, 6]
    seen      = image_linear(flatten(spatial_softmax(pixels)))          8 -> 6: [B, 6]
    painted   = deconv2d(pixels)                                        transposed k4 s2 p1, 4 -> 3: [B, 3, 12, 12]
    words     = embedding[tokens]                                       5 x 8: [B, 3, 8]
    words     = words + attention(norm1(words)), causal, 2 heads        in_proj rows q, k, v; layer norm eps 1e-5
    words     = words + mlp.2(gelu(mlp.0(norm2(words))))                8 -> 12 -> 8, gelu by erf
    read      = words[:, last]                                          [B, 8]
    sequence  = gru(states), zero start                                 3 -> 5: [B, 4, 5]
    memory    = lstm(sequence), zero start                              5 -> 4: [B, 4, 4]
    time      = time.3(mish(time.1(sinusoidal(t, 4))))                  4 -> 8 -> 4
    condition = concat(seen, read, sequence[:, last], memory[:, last], time) [B, 27]
    given     = mish(condition)
    high      = block1(transpose(chunk), given)                         U-Net block 2 -> 4, k5, 2 groups: [B, 4, 8]
    low       = block2(down(high), given)                               conv k3 s2 p1, then block 4 -> 8: [B, 8, 4]
    joined    = head(concat(up(low), high))                             transposed k4 s2 p1, conv block 12 -> 4
    plan      = flatten(transpose(out(joined)))                         1x1 conv 4 -> 2: [B, 8, 2] -> [B, 16]
    raw       = head_out(silu(head_in(concat(plan, condition))))        43 -> 10 -> 10
    loss      = mixture loss of raw (2 modes) at action + 0.1 mean((painted - image)^2)

    conv block: mish(norm(conv(x))). residual block: second(scale * first(x) + bias) + residual(x),
    (scale, bias) = halves of film(given), residual a 1x1 convolution. mixture loss: raw = [means 4, raw stds 4,
    logits 2], tanh means, softplus + 1e-4 stds.
    """

    def __init__(self):
        super().__init__()
        self.conv2d = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.image_linear = nn.Linear(8, 6)
        self.deconv2d = nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)
        self.embedding = nn.Embedding(5, 8)
        self.norm1 = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm2 = nn.LayerNorm(8)
        self.mlp = nn.Sequential(nn.Linear(8, 12), nn.GELU(), nn.Linear(12, 8))
        self.gru = nn.GRU(3, 5, batch_first=True)
        self.lstm = nn.LSTM(5, 4, batch_first=True)
        self.time = nn.Sequential(Sinusoidal(4), nn.Linear(4, 8), nn.Mish(), nn.Linear(8, 4))
        self.block1 = ResidualBlock(2, 4, 27, 5, 2)
        self.down = nn.Conv1d(4, 4, 3, stride=2, padding=1)
        self.block2 = ResidualBlock(4, 8, 27, 5, 2)
        self.up = nn.ConvTranspose1d(8, 8, 4, stride=2, padding=1)
        self.head = ConvBlock(12, 4, 5, 2)
        self.out = nn.Conv1d(4, 2, 1)
        self.head_in = nn.Linear(43, 10)
        self.head_out = nn.Linear(10, 2 * MODES * ACTION + MODES)

    def forward(self, image, tokens, states, t, chunk, action):
        pixels = F.relu(self.conv2d(image))
        seen = self.image_linear(spatial_softmax(pixels).flatten(1))
        painted = self.deconv2d(pixels)

        words = self.embedding(tokens)
        mask = torch.triu(torch.ones(words.shape[1], words.shape[1], dtype=torch.bool), diagonal=1)
        normed = self.norm1(words)
        words = words + self.attention(normed, normed, normed, attn_mask=mask, need_weights=False)[0]
        words = words + self.mlp(self.norm2(words))
        read = words[:, -1]

        sequence, _ = self.gru(states)
        memory, _ = self.lstm(sequence)
        time = self.time(t)
        condition = torch.cat((seen, read, sequence[:, -1], memory[:, -1], time), dim=-1)

        given = F.mish(condition)
        high = self.block1(chunk.transpose(1, 2), given)
        low = self.block2(self.down(high), given)
        joined = self.head(torch.cat((self.up(low), high), dim=1))
        plan = self.out(joined).transpose(1, 2).flatten(1)

        raw = self.head_out(F.silu(self.head_in(torch.cat((plan, condition), dim=-1))))
        loss = mixture_loss(raw, action, MODES) + 0.1 * F.mse_loss(painted, image)
        stages = {"seen": seen, "read": read, "sequence": sequence, "memory": memory, "time": time}
        return stages | {"high": high, "low": low, "plan": plan, "raw": raw, "loss": loss}
