"""Makes tests/golden/formats/: datasets as other libraries write them, and the numbers that they hold.

    python make_formats.py robomimic   # needs h5py and robomimic (made with h5py 3.16.0, robomimic 0.3.0)
    python make_formats.py lerobot     # needs lerobot >= 0.4 (made with lerobot 0.4.4, datasets 4.8.5, pyarrow 26.0.1)

robomimic.hdf5 is written by h5py in the layout of robomimic's documentation (robomimic itself converts, it does not
record) and then loaded by robomimic's SequenceDataset. lerobot/ is written by LeRobotDataset itself. NAME.json holds
{"ends": [...], "observation": {key: rows}, "action": rows}, rows as float32 values.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "formats"


def rows(parts):
    return np.concatenate([np.asarray(part, np.float32).reshape(len(part), -1) for part in parts]).tolist()


def write_expected(name, lengths, observation, action):
    expected = {
        "ends": np.cumsum(lengths).tolist(),
        "observation": {key: rows(parts) for key, parts in observation.items()},
        "action": rows(action),
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(expected) + "\n")


def make_robomimic():
    import h5py

    path = FOLDER / "robomimic.hdf5"
    random = np.random.default_rng(1)
    lengths = [5, 3, 4, 2, 1, 6, 2, 2, 3, 2, 7]  # eleven: demo_10 comes after demo_9, not after demo_1
    actions, observations = [], {"grip": [], "object": [], "robot0_eef_pos": []}
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        for number, steps in enumerate(lengths):
            episode = data.create_group(f"demo_{number}")
            episode.attrs["num_samples"] = steps
            episode.attrs["model_file"] = "<mujoco/>"
            actions.append(random.uniform(-1, 1, (steps, 3)))
            episode.create_dataset("actions", data=actions[-1])
            episode.create_dataset("states", data=random.normal(size=(steps, 4)))
            episode.create_dataset("rewards", data=np.zeros(steps))
            episode.create_dataset("dones", data=np.zeros(steps, np.int64))
            groups = {"obs": 0, "next_obs": 1} if number == 0 else {"obs": 0}  # next_obs is optional
            for group, shift in groups.items():
                arrays = {
                    "robot0_eef_pos": random.normal(size=(steps, 3)),
                    "object": random.normal(size=(steps, 2)).astype(np.float32),
                    "grip": np.arange(steps) + shift,
                    "agentview_image": random.integers(0, 255, (steps, 4, 4, 3), dtype=np.uint8),
                }
                target = episode.create_group(group)
                for key, array in arrays.items():
                    packing = {"compression": "gzip"} if key == "robot0_eef_pos" and number < 2 else {}
                    target.create_dataset(key, data=array, **packing)
                    if group == "obs" and key in observations:
                        observations[key].append(array)
        data.attrs["total"] = sum(lengths)
        env = {"env_name": "Lift", "env_version": "1.4.1", "type": 1, "env_kwargs": {"control_freq": 20}}
        data.attrs["env_args"] = json.dumps(env, indent=4)
        file.create_group("mask").create_dataset("valid", data=np.array([b"demo_10", b"demo_2"]))
    write_expected("robomimic", lengths, observations, actions)
    load_by_robomimic(path, list(observations), sum(lengths))


def load_by_robomimic(path, keys, total):
    import robomimic.utils.obs_utils as obs_utils
    from robomimic.utils.dataset import SequenceDataset

    obs_utils.initialize_obs_utils_with_obs_specs({"obs": {"low_dim": keys}})
    loaded = SequenceDataset(
        hdf5_path=str(path), obs_keys=keys, dataset_keys=["actions", "rewards", "dones"], load_next_obs=False
    )
    assert len(loaded) == total, (len(loaded), total)


def make_lerobot():
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    folder = FOLDER / "lerobot"
    shutil.rmtree(folder, ignore_errors=True)
    numbers = {
        "observation.state": ((3,), ["x", "y", "angle"]),
        "observation.environment_state": ((2,), None),
        "observation.force": ((1,), ["newton"]),
        "action": ((2,), {"motors": ["left", "right"]}),
        "next.reward": ((1,), None),
    }
    features = {key: {"dtype": "float32", "shape": shape, "names": names} for key, (shape, names) in numbers.items()}
    features["observation.image"] = {"dtype": "image", "shape": (4, 4, 3), "names": ["height", "width", "channels"]}
    dataset = LeRobotDataset.create(
        "apprentice/golden", fps=10, features=features, root=folder, use_videos=False, robot_type="mouse"
    )
    random = np.random.default_rng(2)
    lengths = [4, 2, 5]
    kept = {key: [[] for _ in lengths] for key in numbers}
    for episode, steps in enumerate(lengths):
        for _ in range(steps):
            row = {key: random.normal(size=shape).astype(np.float32) for key, (shape, _) in numbers.items()}
            for key, value in row.items():
                kept[key][episode].append(value)
            image = random.integers(0, 255, (4, 4, 3), dtype=np.uint8)
            task = "pull it" if episode == 2 else "push it"
            dataset.add_frame({**row, "observation.image": image, "task": task})
        dataset.save_episode()
    dataset.finalize()
    shutil.rmtree(folder / "images", ignore_errors=True)
    prefix = "observation."
    observation = {key[len(prefix) :]: kept[key] for key in numbers if key.startswith(prefix)}
    write_expected("lerobot", lengths, observation, kept["action"])


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    {"robomimic": make_robomimic, "lerobot": make_lerobot}[sys.argv[1]]()
