"""Push-T in its original engine (pymunk 6, Chipmunk 7) over the human episodes: what `run.ts` compares ours with.

    python3 -m venv /opt/apprentice-pusht
    /opt/apprentice-pusht/bin/pip install "pymunk<7" numpy numcodecs shapely
    /opt/apprentice-pusht/bin/python experiments/push-t-fidelity/original.py ../shared/data/pusht_human/pusht_cchi_v7_replay.zarr

Writes, beside itself, original.json: the final coverage of every episode replayed open loop, the errors of single
steps, and where random episodes end; and tests/environments/push-t-original.json, a few episodes step by step. The world is built as
gym-pusht 0.1.8 builds it (gym_pusht/envs/pusht.py), without its drawing.
"""
import json
import pathlib
import sys

import numcodecs
import numpy as np
import pymunk
import shapely.geometry
from pymunk.vec2d import Vec2d

HERE = pathlib.Path(__file__).parent
BAR = [(-60, 30), (60, 30), (60, 0), (-60, 0)]
STEM = [(-15, 30), (-15, 120), (15, 120), (15, 30)]


def read(root, path):
    """One array of a zarr version 2 group."""
    meta = json.loads((root / path / ".zarray").read_text())
    codec = numcodecs.get_codec(meta["compressor"]) if meta["compressor"] else None
    shape, chunk = meta["shape"], meta["chunks"][0]
    parts = []
    for i in range(-(-shape[0] // chunk)):
        data = (root / path / ".".join([str(i)] + ["0"] * (len(shape) - 1))).read_bytes()
        data = codec.decode(data) if codec else data
        parts.append(np.frombuffer(data, meta["dtype"]).reshape([chunk, *shape[1:]]))
    return np.concatenate(parts)[: shape[0]]


def tee(x, y, angle):
    c, s = np.cos(angle), np.sin(angle)
    return shapely.geometry.MultiPolygon(
        [shapely.geometry.Polygon([(x + px * c - py * s, y + px * s + py * c) for px, py in part]) for part in (BAR, STEM)]
    )


GOAL = tee(256, 256, np.pi / 4)


class PushT:
    def __init__(self):
        space = self.space = pymunk.Space()
        space.gravity, space.damping = (0, 0), 0
        ends = [((5, 506), (5, 5)), ((5, 5), (506, 5)), ((506, 5), (506, 506)), ((5, 506), (506, 506))]
        space.add(*[pymunk.Segment(space.static_body, a, b, 2) for a, b in ends])
        self.pusher = pymunk.Body(body_type=pymunk.Body.KINEMATIC)
        self.pusher.position = (256, 400)
        space.add(self.pusher, pymunk.Circle(self.pusher, 15))
        self.block = pymunk.Body(1, 2 * pymunk.moment_for_poly(1, vertices=BAR))
        bar, stem = pymunk.Poly(self.block, BAR), pymunk.Poly(self.block, STEM)
        self.block.center_of_gravity = (bar.center_of_gravity + stem.center_of_gravity) / 2
        self.block.angle, self.block.position = 0, (256, 300)
        space.add(self.block, bar, stem)

    def start(self, state, velocity=(0, 0), position_first=False):
        self.pusher.position = tuple(state[:2])
        if position_first:
            self.block.position = tuple(state[2:4])
        self.block.angle = state[4]
        if not position_first:
            self.block.position = tuple(state[2:4])
        self.space.step(0.01)
        self.pusher.velocity = tuple(velocity)

    def step(self, action):
        for _ in range(10):
            pull = 100 * (Vec2d(*action) - self.pusher.position) - 20 * self.pusher.velocity
            self.pusher.velocity += pull * 0.01
            self.space.step(0.01)

    def state(self):
        return [*self.pusher.position, *self.block.position, self.block.angle]

    def coverage(self):
        return GOAL.intersection(tee(*self.block.position, self.block.angle)).area / GOAL.area


def step_errors(states, actions, ends):
    """Of the steps that move the T by more than 0.1 px: how far (px) and how turned (rad) the T ends from where it was recorded."""
    far, turned = [], []
    for first, last in zip(np.r_[0, ends[:-1]], ends):
        velocity = (0, 0)
        for i in range(first, last - 1):
            world = PushT()
            world.start(states[i], velocity)
            world.step(actions[i])
            velocity = world.pusher.velocity
            if np.hypot(*(states[i + 1, 2:4] - states[i, 2:4])) > 0.1:
                far.append(np.hypot(*(np.array(world.block.position) - states[i + 1, 2:4])))
                turned.append(abs((world.block.angle - states[i + 1, 4] + np.pi) % (2 * np.pi) - np.pi))
    return np.array(far), np.array(turned)


def roll(start, actions, **how):
    """Open loop to the end of the actions or of the task."""
    world = PushT()
    world.start(start, **how)
    rows = [world.state()]
    coverages = []
    for action in actions:
        world.step(action)
        rows.append(world.state())
        coverages.append(world.coverage())
        if coverages[-1] > 0.95:
            break  # the task ends here
    return rows, coverages


def random_episode(seed):
    """300 random targets, each held for a while, that also squeeze the T against the walls; `run.ts` draws the same."""
    x = seed + 1

    def draw(low, high):
        nonlocal x
        x = x * 16807 % 2147483647
        return low + x % (high - low)

    for _ in range(10):
        draw(0, 2)
    start = [draw(50, 450), draw(50, 450), draw(100, 400), draw(100, 400), draw(0, 628) / 100]
    hold = draw(1, 9)
    targets = [[draw(0, 513), draw(0, 513)] for _ in range(300 // hold + 1)]
    return start, [targets[t // hold] for t in range(300)]


def main(root):
    states, actions = read(root, "data/state").astype(float), read(root, "data/action").astype(float)
    ends = read(root, "meta/episode_ends")
    episodes = list(zip(np.r_[0, ends[:-1]], ends))
    rolled = [roll(states[first], actions[first:last]) for first, last in episodes]
    far, turned = step_errors(states, actions, ends)
    wild = [roll(start, targets, position_first=True) for start, targets in map(random_episode, range(200))]
    report = {
        "engine": f"pymunk {pymunk.version}, Chipmunk {pymunk.chipmunk_version}",
        "steps": {
            "n": len(far),
            "median": float(np.median(far)),
            "p95": float(np.percentile(far, 95)),
            "angleMedian": float(np.median(turned)),
            "angleP95": float(np.percentile(turned, 95)),
        },
        "finalCoverage": [float(coverages[-1]) for _, coverages in rolled],
        "randomFinalState": [rows[-1] for rows, _ in wild],
    }
    (HERE / "original.json").write_text(json.dumps(report) + "\n")
    random = np.random.default_rng(0)
    tests = []
    for episode in (20, 30):
        first, last = episodes[episode]
        rows, coverages = rolled[episode]
        tests.append({"positionFirst": False, "start": list(states[first]), "actions": actions[first:last].tolist(), "rows": rows, "coverages": coverages})
    for _ in range(4):
        start = [*random.integers(50, 450, 2).tolist(), *random.integers(100, 400, 2).tolist(), random.normal() * 2 * np.pi - np.pi]
        targets = random.integers(0, 513, (60, 2)).tolist()
        rows, coverages = roll(start, targets, position_first=True)
        tests.append({"positionFirst": True, "start": start, "actions": targets, "rows": rows, "coverages": coverages})
    golden = HERE.parent.parent / "tests" / "environments" / "push-t-original.json"
    golden.write_text(json.dumps(tests) + "\n")
    print(json.dumps(report["steps"]), "mean final coverage", np.mean(report["finalCoverage"]))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
