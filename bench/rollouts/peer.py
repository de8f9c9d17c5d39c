"""gym-pusht's own steps per second of processor time: reads episodes as JSON, writes one JSON object.

{"episodes": [{"pusher": [x, y], "block": [x, y, angle], "actions": [[x, y], ...]}]} ->
{"steps", "environment": s, "engine": s, "versions": {...}}: `environment` is PushTEnv.step with its observation, coverage and
info, without gymnasium's wrappers; `engine` the same forces and substeps of pymunk, without all that.
"""

import json
import os
import sys
import time
from importlib.metadata import version

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import numpy as np
from gym_pusht.envs import PushTEnv
from pymunk.vec2d import Vec2d


def begin(env, episode):
    """Our starts say where the T lies; gym-pusht sets the place of an unturned T and turns it about (0, 45) of its body."""
    x, y, angle = episode["block"]
    placed = [x - 45 * np.sin(angle), y + 45 * np.cos(angle) - 45]
    env.reset(options={"reset_to_state": [*episode["pusher"], *placed, angle]})


def whole_step(env, action):
    env.step(action)


def engine_step(env, action):
    target = Vec2d(*action)
    for _ in range(10):
        pull = 100 * (target - env.agent.position) - 20 * env.agent.velocity
        env.agent.velocity += pull * 0.01
        env.space.step(0.01)


def seconds(step, env, episodes):
    spent = 0.0
    for episode in episodes:
        begin(env, episode)
        if step is engine_step:
            env.collision_handeler.post_solve = None  # it counts contacts in Python
        start = time.process_time()
        for action in episode["actions"]:
            step(env, action)
        spent += time.process_time() - start
    return spent


def main():
    episodes = json.load(sys.stdin)["episodes"]
    for episode in episodes:
        episode["actions"] = [np.array(action) for action in episode["actions"]]
    env = PushTEnv(obs_type="state")
    seconds(whole_step, env, episodes[:1])
    report = {
        "steps": sum(len(episode["actions"]) for episode in episodes),
        "environment": seconds(whole_step, env, episodes),
        "engine": seconds(engine_step, env, episodes),
        "versions": {name: version(name) for name in ("gym-pusht", "pymunk")},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
