"""imitation's SimpleDAggerTrainer beside `npm run bench -- dagger`: the same world, expert, network and counts, timed here.

    python3 -m venv .cache/imitation-python
    .cache/imitation-python/bin/pip install torch==2.13.0
    .cache/imitation-python/bin/pip install imitation==1.0.1

JSON lines on standard input and output. A request names what is not the default:
    {"world": "CartPole-v1" | "Pendulum-v1", "threads": 1 | 2, "rounds": 10, "episodes": 5, "batch": 64,
     "updates": 500 | "epochs": 4, "rate": 0.001, "rampdown": 1, "environments": 1, "adam": "default" | "fused",
     "evaluation": 100, "seed": 0}
A round is at least `episodes` episodes and `batch` steps long, then `updates` (or `epochs`) on all steps so far. With
`rampdown` 1 the expert drives round 0 and the policy all others; larger k mix the two in rounds below k. Its reply:
    {"world", "threads", "seconds": {"rollouts", "loading", "training", "whole"}, "processor": likewise, "episodes",
     "steps", "updates", "parameters", "returned": {"policy", "expert"} (means over `evaluation` episodes, deterministic)}
`rollouts` includes asking policy and expert and saving each episode, `loading` reading them back, `training` the updates.
`processor` is processor time of all threads: what other programs take is not in it.
    {"about": true} -> versions
A request that fails is answered {"error": "…"}; the process lives on.

Two threads that wait for each other by spinning hardly move where other programs want the cores: OMP_WAIT_POLICY=PASSIVE there.
As fast as imitation goes without changing it: no value network, no progress bar, no rollouts for logging.
"""

import json
import sys
import tempfile
import time
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")

import datasets
import gymnasium
import numpy as np
import torch
from imitation.algorithms import bc
from imitation.algorithms.dagger import LinearBetaSchedule, SimpleDAggerTrainer
from imitation.util import logger
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.vec_env import DummyVecEnv

from laws import LAWS

DEFAULTS = {
    "world": "CartPole-v1",
    "threads": 1,
    "rounds": 10,
    "episodes": 5,
    "batch": 64,
    "rate": 0.001,
    "rampdown": 1,
    "environments": 1,
    "adam": "default",
    "evaluation": 100,
    "seed": 0,
}
HIDDEN = [64, 64]
datasets.disable_progress_bars()


class Scripted(BasePolicy):
    """A law as a policy, asked for all environments at once."""

    def __init__(self, law, venv):
        super().__init__(venv.observation_space, venv.action_space)
        self.law = law

    def _predict(self, observation, deterministic=False):
        return torch.as_tensor(self.law(observation.numpy()))

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        return self.law(observation), state


CLOCKS = {"seconds": time.perf_counter, "processor": time.process_time}


class Timer:
    """By both clocks, what each part took in all."""

    def __init__(self):
        self.spent = {clock: {} for clock in CLOCKS}

    def __call__(self, part, work, *arguments, **options):
        start = {clock: read() for clock, read in CLOCKS.items()}
        result = work(*arguments, **options)
        for clock, read in CLOCKS.items():
            self.spent[clock][part] = self.spent[clock].get(part, 0.0) + read() - start[clock]
        return result

    def report(self):
        """What is neither loading nor training is rollouts."""
        return {
            clock: {"rollouts": parts["whole"] - parts["loading"] - parts["training"], **parts}
            for clock, parts in self.spent.items()
        }


class Timed(SimpleDAggerTrainer):
    def __init__(self, timer, **options):
        super().__init__(**options)
        self.timer = timer
        train = self.bc_trainer.train
        self.bc_trainer.train = lambda **options: timer("training", train, **options)

    def _try_load_demos(self):
        self.timer("loading", super()._try_load_demos)


def worlds(request, seed):
    # the environment checker asks NumPy for what it no longer has, and costs time
    make = lambda: Monitor(gymnasium.make(request["world"], disable_env_checker=True))
    venv = DummyVecEnv([make] * request["environments"])
    venv.seed(seed)
    return venv


def make_trainer(request, venv, folder, timer):
    rng = np.random.default_rng(request["seed"])
    torch.manual_seed(request["seed"])
    policy = ActorCriticPolicy(
        venv.observation_space,
        venv.action_space,
        lr_schedule=lambda _: request["rate"],
        net_arch={"pi": HIDDEN, "vf": []},
        activation_fn=torch.nn.ReLU,
    )
    silent = logger.configure(folder, format_strs=[])
    cloning = bc.BC(
        observation_space=venv.observation_space,
        action_space=venv.action_space,
        rng=rng,
        policy=policy,
        batch_size=request["batch"],
        optimizer_kwargs={"lr": request["rate"], **({"fused": True} if request["adam"] == "fused" else {})},
        device="cpu",
        custom_logger=silent,
    )
    return Timed(
        timer,
        venv=venv,
        scratch_dir=folder,
        expert_policy=Scripted(LAWS[request["world"]], venv),
        rng=rng,
        beta_schedule=LinearBetaSchedule(request["rampdown"]),
        bc_trainer=cloning,
        custom_logger=silent,
    )


def run(request):
    torch.set_num_threads(request["threads"])
    venv = worlds(request, request["seed"])
    updates = []
    training = {
        **({"n_batches": request["updates"]} if "updates" in request else {"n_epochs": request.get("epochs", 4)}),
        "progress_bar": False,
        "log_rollouts_venv": None,
        "on_batch_end": lambda: updates.append(None),
    }
    # one round a call: the total is reached by the first
    one_round = {
        "total_timesteps": 1,
        "rollout_round_min_episodes": request["episodes"],
        "rollout_round_min_timesteps": 0,
        "bc_train_kwargs": training,
    }
    timer = Timer()
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(request, venv, folder, timer)
        for _ in range(request["rounds"]):
            timer("whole", trainer.train, **one_round)
    fresh = worlds({**request, "environments": 1}, request["seed"] + 1_000_000)
    judged = {"policy": trainer.policy, "expert": trainer.expert_policy}
    return {
        "world": request["world"],
        "threads": request["threads"],
        **timer.report(),
        "episodes": len(trainer._all_demos),
        "steps": sum(len(episode) for episode in trainer._all_demos),
        "updates": len(updates),
        "parameters": sum(parameter.numel() for parameter in trainer.policy.parameters()),
        "returned": {
            name: evaluate_policy(policy, fresh, request["evaluation"], deterministic=True)[0]
            for name, policy in judged.items()
        },
    }


def about():
    return {name: version(name) for name in ("imitation", "stable-baselines3", "gymnasium", "numpy", "torch")}


def main():
    for line in sys.stdin:
        try:
            request = json.loads(line)
            reply = about() if request.get("about") else run({**DEFAULTS, **request})
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
