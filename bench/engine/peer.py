"""The PyTorch peer of `npm run bench -- engine`: the same rows, eager, timed here so that no pipe is in the numbers.

JSON lines on standard input and output. A request is
    {"row": NAME, "threads": 1 | 2, "updates": n}
its reply has one time per update of a training row (zero_grad, loss, gradient, optimizer, EMA), or one per call of a
latency row, after `warmup` (default 3) untimed ones:
    {"row": NAME, "threads": …, "seconds": [n times], "loss": last loss or null, "parameters": count,
     "adam": variant or null, "ema": variant or null}
Besides the named rows:
    {"row": "mlp", "width": w, "batch": b, …}        MLP 14-w-w-7, for the plot of growth
    {"row": "matmul", "m": …, "k": …, "n": …, …}     -> {"gflops": median, "best": …}
    {"row": "about"}                                 -> versions, threads, the names of the rows
A request that fails is answered {"row": …, "error": "…"}; the process lives on. `--check` prints counts and one timing
per row.

Adam has three implementations (loop over tensors, foreach, fused) and the EMA two; the fastest here is measured per row
and thread count on its first request and named in the reply ("adam": NAME in the request chooses instead).
"""

import argparse
import json
import statistics
import sys
import time

import torch

from networks import Denoiser, UNet, cosine_schedule, count, mixture_loss, mlp

ROWS_RESIDENT = 25_600
INDEX_ROWS = 512
DIFFUSION_STEPS = 100
DDIM_STEPS = 16
HORIZON, ACTION, CONDITION = 16, 2, 40
ADAMS = {"loop": {"foreach": False, "fused": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}


def ema_foreach_lerp(shadows, parameters, rate):
    torch._foreach_lerp_(shadows, parameters, rate)


def ema_foreach_mul_add(shadows, parameters, rate):
    torch._foreach_mul_(shadows, 1 - rate)
    torch._foreach_add_(shadows, parameters, alpha=rate)


EMAS = {"foreach_lerp": ema_foreach_lerp, "foreach_mul_add": ema_foreach_mul_add}


def ema_decay(update, power=0.75, largest=0.9999):
    """Decay of the update-th EMA step, counted from 1, with the counter read first; ALGORITHMS.md 4.7."""
    age = max(0, update - 2)
    return 0.0 if age == 0 else min(largest, 1 - (1 + age) ** -power)


class Training:
    """A network, its loss, resident data and its optimizer; `step()` is one update and `run()` times many."""

    def __init__(self, network, loss, data, batch, adam, weight_decay=None, ema=False):
        self.network = network
        self.parameters = list(network.parameters())
        self.loss = loss
        self.data = data
        self.indices = torch.randint(ROWS_RESIDENT, (INDEX_ROWS, batch))
        self.make = torch.optim.Adam if weight_decay is None else torch.optim.AdamW
        self.options = dict(adam) if weight_decay is None else dict(adam, weight_decay=weight_decay)
        self.shadows = [p.detach().clone() for p in self.parameters] if ema else None
        self.chosen = {}
        self.updates = 0
        self.optimizers = {}

    def optimizer(self, variant):
        if variant not in self.optimizers:
            self.optimizers[variant] = self.make(self.parameters, **self.options, **ADAMS[variant])
        return self.optimizers[variant]

    def step(self, optimizer, ema):
        index = self.indices[self.updates % INDEX_ROWS]
        batch = [tensor.index_select(0, index) for tensor in self.data]
        optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.network, *batch)
        loss.backward()
        optimizer.step()
        self.updates += 1
        if ema is not None:
            with torch.no_grad():
                ema(self.shadows, self.parameters, 1 - ema_decay(self.updates))
        return loss.detach()

    def timed(self, updates, adam, ema):
        optimizer = self.optimizer(adam)
        average = None if self.shadows is None else EMAS[ema]
        seconds, loss = [], None
        for _ in range(updates):
            start = time.perf_counter()
            loss = self.step(optimizer, average)
            seconds.append(time.perf_counter() - start)
        return seconds, loss.item()

    def choose(self, threads):
        """The fastest pair of Adam and EMA variants by lower quartile, each timed for 12 updates or 0.1 s, in turn."""
        if threads not in self.chosen:
            emas = [None] if self.shadows is None else list(EMAS)
            times = {(adam, ema): [] for adam in ADAMS for ema in emas}
            for pair in times:
                self.timed(3, *pair)
            turn = max(4, int(0.03 / min(self.timed(3, *next(iter(times)))[0])))
            for _ in range(3):
                for pair, seconds in times.items():
                    seconds.extend(self.timed(turn, *pair)[0])
            quartile = {pair: sorted(seconds)[len(seconds) // 4] for pair, seconds in times.items()}
            self.chosen[threads] = min(quartile, key=quartile.get)
        return self.chosen[threads]

    def run(self, request):
        if request.get("adam"):
            adam, ema = request["adam"], request.get("ema", "foreach_lerp" if self.shadows else None)
        else:
            adam, ema = self.choose(request["threads"])
        self.timed(request.get("warmup", 3), adam, ema)
        seconds, loss = self.timed(request["updates"], adam, ema)
        return {"seconds": seconds, "loss": loss, "adam": adam, "ema": ema}


class Sampling:
    """One action chunk by DDIM: (noise [B, Tp, Da], condition [B, G]) -> [B, Tp, Da]; times every call."""

    def __init__(self, network, batch):
        self.network = network.eval()
        self.noises = torch.randn(16, batch, HORIZON, ACTION)
        self.conditions = torch.randn(16, batch, CONDITION)
        bars = cosine_schedule(DIFFUSION_STEPS).tolist()
        stride = DIFFUSION_STEPS // DDIM_STEPS
        self.steps = []
        for t in reversed(range(0, stride * DDIM_STEPS, stride)):
            before = bars[t - stride] if t >= stride else 1.0
            scale, spread = bars[t] ** 0.5, (1 - bars[t]) ** 0.5
            tensor = torch.tensor([t], dtype=torch.float32)
            self.steps.append((tensor, 1 / scale, -spread / scale, before**0.5, (1 - before) ** 0.5))

    @torch.inference_mode()
    def sample(self, noise, condition):
        x = noise
        for t, from_x, from_noise, keep, spread in self.steps:
            predicted = self.network(x, t, condition)
            clean = torch.add(x * from_x, predicted, alpha=from_noise).clamp_(-1, 1)
            x = clean.mul_(keep).add_(predicted, alpha=spread)
        return x

    def run(self, request):
        seconds = []
        for call in range(-request.get("warmup", 3), request["updates"]):
            noise, condition = self.noises[call % 16], self.conditions[call % 16]
            start = time.perf_counter()
            self.sample(noise, condition)
            elapsed = time.perf_counter() - start
            if call >= 0:
                seconds.append(elapsed)
        return {"seconds": seconds, "loss": None, "adam": None, "ema": None}


def squared_error(network, observation, action):
    return torch.nn.functional.mse_loss(network(observation), action)


def mixture(network, observation, action):
    return mixture_loss(network(observation), action, modes=5)


def noise_prediction():
    bars = cosine_schedule(DIFFUSION_STEPS)
    scales, spreads = bars.sqrt().float()[:, None, None], (1 - bars).sqrt().float()[:, None, None]

    def loss(network, chunk, condition):
        noise = torch.randn_like(chunk)
        t = torch.randint(DIFFUSION_STEPS, (chunk.shape[0],))
        noisy = scales.index_select(0, t) * chunk + spreads.index_select(0, t) * noise
        return torch.nn.functional.mse_loss(network(noisy, t.float(), condition), noise)

    return loss


def regression(width, batch):
    data = (torch.randn(ROWS_RESIDENT, 14), torch.rand(ROWS_RESIDENT, 7) * 2 - 1)
    return Training(mlp([14, width, width, 7], torch.nn.ReLU), squared_error, data, batch, {"lr": 1e-3})


def gmm():
    data = (torch.randn(ROWS_RESIDENT, 40), torch.rand(ROWS_RESIDENT, 7) * 2 - 1)
    return Training(mlp([40, 1024, 1024, 75], torch.nn.ReLU), mixture, data, 100, {"lr": 1e-4})


def diffusion(network, batch):
    data = (torch.rand(ROWS_RESIDENT, HORIZON, ACTION) * 2 - 1, torch.randn(ROWS_RESIDENT, CONDITION))
    adam = {"lr": 1e-4, "betas": (0.95, 0.999), "eps": 1e-8}
    return Training(network, noise_prediction(), data, batch, adam, weight_decay=1e-6, ema=True)


ROWS = {
    "mlp-64": lambda: regression(64, 64),
    "mlp-256": lambda: regression(256, 256),
    "gmm-1024": gmm,
    "denoiser-512": lambda: diffusion(Denoiser(), 256),
    "unet-64": lambda: diffusion(UNet(), 64),
    "denoise-latency-1": lambda: Sampling(Denoiser(), 1),
    "denoise-64": lambda: Sampling(Denoiser(), 64),
    "unet-denoise-latency-1": lambda: Sampling(UNet(), 1),
}


def matmul(request):
    m, k, n = request["m"], request["k"], request["n"]
    left, right, product = torch.randn(m, k), torch.randn(k, n), torch.empty(m, n)
    seconds = []
    until = time.perf_counter() + request.get("seconds", 0.3)
    while len(seconds) < 10 or time.perf_counter() < until:
        start = time.perf_counter()
        torch.mm(left, right, out=product)
        seconds.append(time.perf_counter() - start)
    work = 2e-9 * m * k * n
    return {"m": m, "k": k, "n": n, "gflops": work / statistics.median(seconds), "best": work / min(seconds)}


def about():
    cpu = torch.backends.cpu.get_cpu_capability()
    return {"torch": torch.__version__, "cpu": cpu, "threads": torch.get_num_threads(), "rows": list(ROWS)}


def answer(request, built):
    """Reply to one request; `built` keeps every row's network, data and optimizer state between requests."""
    name = request["row"]
    if name == "about":
        return about()
    threads = request.setdefault("threads", 1)
    torch.set_num_threads(threads)
    if name == "matmul":
        return {"threads": threads, **matmul(request)}
    key = (name, request.get("width"), request.get("batch")) if name == "mlp" else name
    if key not in built:
        torch.manual_seed(0)
        if name != "mlp" and name not in ROWS:
            raise ValueError(f"unknown row {name!r}; rows: {', '.join(ROWS)}, mlp, matmul, about")
        built[key] = regression(request["width"], request["batch"]) if name == "mlp" else ROWS[name]()
    request.setdefault("updates", 20)
    return {"threads": threads, **built[key].run(request), "parameters": count(built[key].network)}


def serve():
    built = {}
    for line in sys.stdin:
        if not line.strip():
            continue
        request = {}
        try:
            request = json.loads(line)
            reply = answer(request, built)
        except Exception as error:  # the caller reads the reason; the next request may still be good
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"row": request.get("row"), **reply}), flush=True)


def check(updates, adams):
    """One line per row and thread count: parameters, variants, minimum and median milliseconds."""
    reference = count(UNet(condition=10))
    print(f"torch {torch.__version__}, {about()['cpu']}; U-Net with 10 conditions: {reference} parameters (4124034)")
    if reference != 4_124_034:
        raise SystemExit("the U-Net differs from ALGORITHMS.md 4.2")
    built = {}
    for threads in (1, 2):
        rates = [answer({"row": "matmul", "m": n, "k": n, "n": n, "threads": threads}, built) for n in (256, 512, 1024)]
        print(
            f"threads {threads}: matmul " + ", ".join(f"{r['n']}^3 {r['best']:.0f}" for r in rates) + " GFLOP/s (best)"
        )
        for name in ROWS:
            for adam in [None, *ADAMS] if adams and "denoise-" not in name else [None]:
                latency = "denoise-" in name or name == "denoise-64"
                calls = updates * (5 if latency or name == "mlp-64" else 1)
                reply = answer({"row": name, "threads": threads, "updates": calls, "adam": adam}, built)
                seconds = sorted(reply["seconds"])
                tail = (
                    f" p99 {1e3 * seconds[int(0.99 * len(seconds))]:8.3f}" if latency else f" loss {reply['loss']:.4f}"
                )
                low, middle = 1e3 * seconds[0], 1e3 * statistics.median(seconds)
                print(
                    f"{name:24} threads {threads} parameters {reply['parameters']:8} adam {reply['adam'] or '-':8} "
                    f"ema {reply['ema'] or '-':15} ms min {low:8.3f} median {middle:8.3f}{tail}",
                    flush=True,
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="PyTorch peer of the engine bench: JSON lines, or --check.")
    parser.add_argument("--check", action="store_true", help="print parameter counts and one timing per row")
    parser.add_argument("--updates", type=int, default=30, help="updates per row of --check")
    parser.add_argument("--adams", action="store_true", help="with --check, time every Adam variant too")
    options = parser.parse_args()
    if options.check:
        check(options.updates, options.adams)
    else:
        serve()
