"""What an exported policy is worth in the original engine: gym-pusht (pymunk, Chipmunk 7), from the same starts as ours.

    python3 -m venv .cache/gym-python
    .cache/gym-python/bin/pip install gym-pusht==0.1.8 pymunk==6.11.1 onnxruntime numpy shapely
    npx tsx experiments/push-t-human/starts.ts --episodes 500 --out starts.json
    .cache/gym-python/bin/python experiments/push-t-human/gym_score.py --policy policy-64.onnx --starts starts.json --out gym.json
    npx tsx experiments/push-t-human/engines.ts --policy policy-64.onnx --gym gym.json     # ours on the same seeds, and the difference

gym-pusht 0.1.8 needs pymunk below 7, which pip chooses by itself. The policy may be exported for any batch, best
`exportPolicy(policy, { batch: 64 })`: all episodes that still run are planned together. `--workers N` shares the starts out
among processes, `--episodes N` takes the first N only.

It acts as our rollouts do (src/rollouts/rollout.ts): the first observation fills the history, of each chunk the steps
[To-1, To-1+Ta) are executed, clipped to the window, and an episode ends when more than 0.95 is covered or after 300
steps. The score is the greatest coverage / 0.95 after any step, at most 1. The noise of every chunk is the one that our
rollouts draw (Threefry, src/base/random.ts): what differs is then due to engine and runtime alone. With `--noise numpy` it
is numpy's `default_rng([seed, step]).standard_normal` instead: other draws from the same policy.

Before any of it the human episodes in starts.json are replayed open loop, what is seen at the starts is compared with what
our world shows, and some noise with ours; differences above 1e-6 (coverage, noise) and 1e-3 px end the run.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from importlib.metadata import version

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import gymnasium
import gym_pusht  # noqa: F401  registers the environment
import numpy as np
import onnxruntime

METADATA_KEY = "apprentice.policy"
# The T's centre of gravity in the frame of its body: gym-pusht sets the position of an unturned T, then turns it about this.
CENTRE = np.array([0.0, 45.0])
SUCCESS = 0.95


def refuse(message):
    """Bad input: one line, exit 2."""
    print(f"gym_score.py: {message}", file=sys.stderr)
    sys.exit(2)


def turn(points, angle):
    """[..., 2] turned by an angle, x towards y."""
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([points[..., 0] * c - points[..., 1] * s, points[..., 0] * s + points[..., 1] * c], -1)


def threefry(key, first, second):
    """Threefry-2x32 with 20 rounds (Salmon et al. 2011): two arrays of 32-bit words from keys and counters."""
    schedule = [key[0], key[1], key[0] ^ key[1] ^ np.uint32(0x1BD11BDA)]
    a, b = first + schedule[0], second + schedule[1]
    for number in range(20):
        distance = np.uint32((13, 15, 26, 6, 17, 29, 16, 24)[number % 8])
        a = a + b
        b = ((b << distance) | (b >> (np.uint32(32) - distance))) ^ a
        if number % 4 == 3:
            injection = number // 4 + 1
            a = a + schedule[injection % 3]
            b = b + schedule[(injection + 1) % 3] + np.uint32(injection)
    return a, b


def house_noise(seeds, step, size):
    """[N, size]: the standard normals (Box and Muller) that our rollouts draw in this step of the episodes of these seeds."""
    zero = np.zeros([len(seeds), 1], np.uint32)
    low = np.array([[seed % 2**32] for seed in seeds], np.uint32)
    high = np.array([[seed // 2**32] for seed in seeds], np.uint32)
    key = threefry(threefry((high, low), zero, zero + np.uint32(1)), zero, zero + np.uint32(step))
    radius, circle = threefry(key, zero, np.arange(size, dtype=np.uint32)[None])
    radius = np.sqrt(-2 * np.log(((radius >> np.uint32(8)).astype(np.float64) + 1) * 2.0**-24))
    return radius * np.cos((circle >> np.uint32(8)).astype(np.float64) * (2 * np.pi * 2.0**-24))


def numpy_noise(seeds, step, size):
    return np.array([np.random.default_rng([seed, step]).standard_normal(size) for seed in seeds])


NOISE = {"ours": house_noise, "numpy": numpy_noise}


class Episode:
    """One gym-pusht environment at a start of ours, and what a policy sees there."""

    def __init__(self, start, keypoints):
        self.keypoints = keypoints
        self.env = gymnasium.make("gym_pusht/PushT-v0", obs_type="state", disable_env_checker=True)
        x, y, angle = start["block"]
        placed = np.array([x, y]) + turn(CENTRE, angle) - CENTRE
        # Resets draw whole px; the detour through the centre leaves them 1e-13 off.
        placed = np.where(np.abs(placed - np.round(placed)) < 1e-9, np.round(placed), placed)
        state = [*start["pusher"], *placed, angle]
        _, self.info = self.env.reset(seed=0, options={"reset_to_state": state})
        self.seed = start.get("seed")
        self.steps = 0
        self.coverages = []
        self.rewards = []
        self.ended = False

    def observation(self):
        """[20]: nine points of the T, then the pusher, as `pushTWorld` packs them."""
        x, y, angle = self.info["block_pose"]
        points = turn(self.keypoints, angle) + np.array([x, y])
        return np.concatenate([points.ravel(), self.info["pos_agent"]]).astype(np.float32)

    def step(self, action):
        clipped = np.clip(np.asarray(action, np.float32), 0, 512).astype(np.float64)
        _, reward, terminated, truncated, self.info = self.env.step(clipped)
        self.steps += 1
        self.coverages.append(float(self.info["coverage"]))
        self.rewards.append(float(reward))
        self.ended = bool(terminated or truncated)

    def result(self):
        return {
            "seed": self.seed,
            "success": self.coverages[-1] > SUCCESS,
            "steps": self.steps,
            "reward": sum(self.rewards),
            "maxReward": max(self.rewards),
            "metrics": {"coverage": self.coverages[-1]},
        }


class Policy:
    def __init__(self, path, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has no common class of its errors
            refuse(f"{path}: not a readable .onnx file ({str(error).splitlines()[0]})")
        entries = self.session.get_modelmeta().custom_metadata_map
        if METADATA_KEY not in entries:
            refuse(f'{path}: an .onnx file without "{METADATA_KEY}", expected a policy')
        self.metadata = json.loads(entries[METADATA_KEY])
        if self.metadata["task"] != "push-t":
            refuse(f'{path}: found a policy of task "{self.metadata["task"]}", expected "push-t"')
        self.inputs = {port.name: port.shape for port in self.session.get_inputs()}
        self.batch = self.inputs["observation"][0]
        if self.inputs["observation"][1] != 20:
            refuse(f"{path}: looks at {self.inputs['observation'][1]} numbers, expected the 20 of nine keypoints and the pusher")

    def plan(self, histories, noise):
        """Chunks [N, Tp, 2] for histories [N, To, 20], in groups of the file's own batch, the last one filled up."""
        chunks = []
        for first in range(0, len(histories), self.batch):
            group = histories[first : first + self.batch]
            count = len(group)
            rows = np.zeros([self.batch, *group.shape[1:]], np.float32)
            rows[:count] = group
            feeds = {"observation": rows[:, -1]}
            if "state" in self.inputs:
                feeds["state"] = rows[:, :-1]
            if "noise" in self.inputs:
                feeds["noise"] = np.zeros([self.batch, noise.shape[1]], np.float32)
                feeds["noise"][:count] = noise[first : first + count]
            chunks.append(self.session.run(["actions"], feeds)[0][:count])
        return np.concatenate(chunks)


def score(job):
    """The results of some starts, in their order."""
    path, threads, noise, keypoints, starts = job
    policy = Policy(path, threads)
    horizons = policy.metadata["horizons"]
    To, Ta = horizons["observationHorizon"], horizons["actionHorizon"]
    episodes = [Episode(start, keypoints) for start in starts]
    histories = [[episode.observation()] * To for episode in episodes]
    running = list(range(len(episodes)))
    step = 0
    while running:
        seeds = [episodes[i].seed for i in running]
        draws = NOISE[noise](seeds, step, policy.metadata["noiseSize"])
        chunks = policy.plan(np.array([histories[i] for i in running], np.float32), draws)
        for i, chunk in zip(running, chunks):
            for action in chunk[To - 1 : To - 1 + Ta]:
                episodes[i].step(action)
                if episodes[i].ended:
                    episodes[i].env.close()
                    break
                histories[i] = [*histories[i][1:], episodes[i].observation()]
        running = [i for i in running if not episodes[i].ended]
        step += Ta
    return [episode.result() for episode in episodes]


def check(starts, keypoints):
    """How far this engine is from ours: coverages of human episodes open loop, and what is seen at the starts."""
    coverage = 0.0
    for replay in starts["replays"]:
        episode = Episode(replay, keypoints)
        for action in replay["actions"]:
            episode.step(action)
        coverage = max(coverage, np.abs(np.array(episode.coverages) - replay["coverages"]).max())
    seen = max(np.abs(Episode(start, keypoints).observation() - start["observation"]).max() for start in starts["starts"][:50])
    noise = max(
        np.abs(house_noise([draw["seed"]], draw["step"], len(draw["normals"]))[0] - draw["normals"]).max() for draw in starts["noise"]
    )
    if not (coverage <= 1e-6 and seen <= 1e-3 and noise <= 1e-6):
        found = f"coverages {coverage:.2g}, observations {seen:.2g} px, noise {noise:.2g} apart"
        refuse(f"this engine is not ours: found {found}, expected at most 1e-6, 1e-3 px, 1e-6")
    return {
        "replayedEpisodes": len(starts["replays"]),
        "coverage": float(coverage),
        "observation": float(seen),
        "noise": float(noise),
    }


def read_starts(path):
    try:
        with open(path) as file:
            starts = json.load(file)
    except (OSError, ValueError) as error:
        refuse(f"{path}: found {error!r}, expected what starts.ts writes")
    missing = [name for name in ("keypoints", "starts", "replays", "noise") if name not in starts]
    if missing:
        refuse(f'{path}: found no "{missing[0]}", expected what starts.ts writes')
    return starts, np.array(starts["keypoints"], np.float64), starts["starts"]


def main():
    parser = argparse.ArgumentParser(description="scores a Push-T policy in gym-pusht")
    parser.add_argument("--policy", required=True)
    parser.add_argument("--starts", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--episodes", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of one operator, in each worker")
    parser.add_argument("--noise", choices=list(NOISE), default="ours")
    flags = parser.parse_args()
    starts, keypoints, chosen = read_starts(flags.starts)
    chosen = chosen[: flags.episodes]
    metadata = Policy(flags.policy, 1).metadata
    apart = check(starts, keypoints)
    began = time.perf_counter()
    workers = max(1, min(flags.workers, len(chosen)))
    jobs = [(flags.policy, flags.threads, flags.noise, keypoints, chosen[worker::workers]) for worker in range(workers)]
    if workers == 1:
        shares = [score(jobs[0])]
    else:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            shares = pool.map(score, jobs, chunksize=1)
    results = [shares[i % workers][i // workers] for i in range(len(chosen))]
    seconds = time.perf_counter() - began
    steps = sum(result["steps"] for result in results)
    report = {
        "engine": "gym-pusht",
        "versions": {name: version(name) for name in ("gym-pusht", "pymunk", "gymnasium", "shapely", "numpy", "onnxruntime")},
        "task": "push-t",
        "actor": metadata["head"],
        "policy": flags.policy,
        "noise": flags.noise,
        "apart": apart,
        "episodes": len(results),
        "score": float(np.mean([result["maxReward"] for result in results])),
        "success": float(np.mean([result["success"] for result in results])),
        "seconds": seconds,
        "perSeed": results,
    }
    with open(flags.out, "w") as file:
        json.dump(report, file)
        file.write("\n")
    print(
        f"{metadata['head']}: {len(results)} episodes in gym-pusht, score {report['score']:.3f}, success {report['success']:.3f}; "
        f"{steps} steps in {seconds:.1f} s; replays within {apart['coverage']:.1g} of our coverage"
    )


if __name__ == "__main__":
    main()
