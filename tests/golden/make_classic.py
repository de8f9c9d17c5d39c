"""Episodes of Gymnasium's CartPole-v1 and Pendulum-v1: what src/environments/classic is compared with.

    python3 -m venv /tmp/gymnasium && /tmp/gymnasium/bin/pip install gymnasium==1.4.0 numpy==2.4.6
    /tmp/gymnasium/bin/python tests/golden/make_classic.py            writes tests/golden/classic.json
    /tmp/gymnasium/bin/python tests/golden/make_classic.py --check    fails when this machine makes others

An episode is {"world", "driven", "seed", "start": float64 state, "actions": [T], "states": [T][D], "rewards": [T],
"terminated", "truncated"}; states and rewards follow their actions and have 12 significant digits. Actions of CartPole
are 0 and 1; torques are rounded to 1/1024 N m, which float32 holds exactly. Both worlds are unstable: a last bit that
another machine's sine rounds differently can grow past 1e-6 before an episode ends.
"""

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path

import gymnasium
import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "bench" / "dagger"))

from laws import LAWS  # noqa: E402

CART_POLE, PENDULUM = "CartPole-v1", "Pendulum-v1"
EPISODES = [
    (CART_POLE, "randomly", 1),
    (CART_POLE, "randomly", 2),
    (CART_POLE, "always right", 3),
    (CART_POLE, "by the expert", 4),
    (CART_POLE, "by the expert, every third push random", 5),
    (PENDULUM, "randomly", 6),
    (PENDULUM, "with the rate, to full speed", 7),
    (PENDULUM, "by the expert", 8),
    (PENDULUM, "by the expert, every third torque random", 9),
]


def choose(name, driven, step, observation, random):
    """The action of one step; a random number is drawn whether or not it is used."""
    drawn = int(random.integers(2)) if name == CART_POLE else random.uniform(-2, 2)
    if driven == "always right":
        return 1
    if driven.startswith("with the rate"):
        return 2.0 if observation[2] >= 0 else -2.0
    if driven == "randomly" or ("third" in driven and step % 3 == 2):
        return drawn
    return float(LAWS[name](observation)[0]) if name == PENDULUM else int(LAWS[name](observation))


def twelve(values):
    return [float(f"{value:.12g}") for value in values]


def record(name, driven, seed):
    env = gymnasium.make(name)
    observation, _ = env.reset(seed=seed)
    random = np.random.default_rng(seed)
    start = [float(value) for value in env.unwrapped.state]
    actions, states, rewards = [], [], []
    terminated = truncated = False
    while not (terminated or truncated):
        action = choose(name, driven, len(actions), observation, random)
        if name == PENDULUM:
            action = round(action * 1024) / 1024
        taken = np.array([action], np.float32) if name == PENDULUM else action
        observation, reward, terminated, truncated, _ = env.step(taken)
        actions.append(action)
        states.append(twelve(env.unwrapped.state))
        rewards.append(float(reward))
    return {
        "world": name,
        "driven": driven,
        "seed": seed,
        "start": start,
        "actions": actions,
        "states": states,
        "rewards": twelve(rewards),
        "terminated": bool(terminated),
        "truncated": bool(truncated),
    }


def text():
    made_by = {"script": "tests/golden/make_classic.py", **{name: version(name) for name in ("gymnasium", "numpy")}}
    episodes = [record(*episode) for episode in EPISODES]
    return json.dumps({"madeBy": made_by, "episodes": episodes}, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write or check tests/golden/classic.json.")
    parser.add_argument("--check", action="store_true", help="compare with the committed file instead of writing")
    path = HERE / "classic.json"
    made = text()
    if not parser.parse_args().check:
        path.write_text(made)
    elif path.read_text() != made:
        sys.exit(f"{path} differs from what this machine makes")
