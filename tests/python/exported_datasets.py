"""Reads our dataset exports with the libraries of the formats, for check.py.

NAME.hdf5 beside NAME.hdf5.json, and the folder NAME.lerobot beside NAME.lerobot.json: {"task", "rate", "ends": [E],
"observation": {key: rows}, "action": rows}. h5py and pyarrow always read them; robomimic and lerobot (0.4 or newer) do
where they are installed, and the line says so. Raises AssertionError, or what a library raises.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np


def same(name, found, expected):
    found, expected = np.asarray(found), np.asarray(expected, np.float32)
    expected = expected.reshape(found.shape) if found.size == expected.size else expected
    assert found.dtype == np.float32, f"{name} is {found.dtype}, expected float32"
    assert np.array_equal(found, expected), f"{name} holds other numbers ({found.shape}, expected {expected.shape})"


def stored(path):
    return json.loads(Path(f"{path}.json").read_text())


def check_robomimic(path):
    import h5py

    expected = stored(path)
    with h5py.File(path, "r", swmr=True, libver="latest") as file:
        data = file["data"]
        env = json.loads(data.attrs["env_args"])
        assert env["env_name"] == expected["task"], env
        assert env["env_kwargs"]["control_freq"] == expected["rate"], env
        names = sorted(data.keys(), key=lambda name: int(name[5:]))
        episodes = [data[name] for name in names]
        lengths = [int(episode.attrs["num_samples"]) for episode in episodes]
        assert np.cumsum(lengths).tolist() == expected["ends"], lengths
        assert int(data.attrs["total"]) == sum(lengths)
        for episode, steps in zip(episodes, lengths, strict=True):
            assert episode["dones"][:].tolist() == [0] * (steps - 1) + [1]
            assert episode["rewards"].shape == (steps,)
        same("actions", np.concatenate([episode["actions"][:] for episode in episodes]), expected["action"])
        for key, rows in expected["observation"].items():
            same(f"obs/{key}", np.concatenate([episode["obs"][key][:] for episode in episodes]), rows)
    by = [f"h5py {h5py.__version__}"]
    if importlib.util.find_spec("robomimic"):
        by.append(load_by_robomimic(path, expected, lengths))
    return f"{len(lengths)} episodes, equal; read by {' and '.join(by)}"


def load_by_robomimic(path, expected, lengths):
    import robomimic
    import robomimic.utils.obs_utils as obs_utils
    from robomimic.utils.dataset import SequenceDataset

    keys = list(expected["observation"])
    obs_utils.initialize_obs_utils_with_obs_specs({"obs": {"low_dim": keys}})
    loaded = SequenceDataset(
        hdf5_path=str(path),
        obs_keys=keys,
        dataset_keys=["actions", "rewards", "dones"],
        load_next_obs=False,
        frame_stack=2,
        seq_length=3,
        hdf5_cache_mode="all",
    )
    assert len(loaded) == sum(lengths), len(loaded)
    # row 1 of an episode with at least two steps: the stack begins at row 0
    item = loaded[1]
    same("first two actions", item["actions"][:2].astype(np.float32), expected["action"][:2])
    for key in keys:
        same(key, item["obs"][key][:2].astype(np.float32), expected["observation"][key][:2])
    return f"robomimic {robomimic.__version__}"


def check_lerobot(path):
    import pyarrow
    import pyarrow.parquet as parquet

    expected = stored(path)
    info = json.loads((path / "meta" / "info.json").read_text())
    assert info["fps"] == expected["rate"], info["fps"]
    assert parquet.read_table(path / "meta" / "tasks.parquet").to_pylist() == [
        {"task_index": 0, "task": expected["task"]}
    ]
    table = pyarrow.concat_tables(parquet.read_table(file) for file in sorted(path.glob("data/*/*.parquet")))
    ends = expected["ends"]
    lengths = np.diff([0, *ends]).tolist()
    frames = np.concatenate([np.arange(steps) for steps in lengths])
    assert table["frame_index"].to_pylist() == frames.tolist()
    assert table["index"].to_pylist() == list(range(ends[-1]))
    assert table["episode_index"].to_pylist() == np.repeat(np.arange(len(ends)), lengths).tolist()
    assert np.allclose(table["timestamp"].to_numpy(), frames / expected["rate"], atol=1e-4, rtol=0)
    assert pyarrow.types.is_float32(table["timestamp"].type)
    for key, rows in columns(expected).items():
        values = table[key].combine_chunks()
        same(key, (values.flatten() if pyarrow.types.is_list(values.type) else values).to_numpy(), rows)
    episodes = parquet.read_table(path / "meta" / "episodes").to_pylist()
    assert [row["dataset_to_index"] for row in episodes] == ends
    assert [row["length"] for row in episodes] == lengths
    compare_statistics(json.loads((path / "meta" / "stats.json").read_text()), columns(expected))
    by = [f"pyarrow {pyarrow.__version__}"]
    if importlib.util.find_spec("lerobot"):
        by.append(load_by_lerobot(path, expected))
    return f"{len(ends)} episodes, equal; read by {' and '.join(by)}"


def columns(expected):
    return {**{f"observation.{key}": rows for key, rows in expected["observation"].items()}, "action": expected["action"]}


def compare_statistics(found, expected):
    for key, rows in expected.items():
        values = np.asarray(rows, np.float32).astype(np.float64).reshape(len(rows), -1)
        wanted = {"min": values.min(0), "max": values.max(0), "mean": values.mean(0), "std": values.std(0)}
        wanted |= {f"q{percent:02}": np.percentile(values, percent, axis=0) for percent in (1, 10, 50, 90, 99)}
        for name, value in wanted.items():
            assert np.allclose(found[key][name], value, rtol=1e-12, atol=1e-12), (key, name, found[key][name], value)
        assert found[key]["count"] == [len(rows)]


def load_by_lerobot(path, expected):
    import lerobot
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    dataset = LeRobotDataset("apprentice/exported", root=path)
    assert (len(dataset), dataset.num_episodes) == (expected["ends"][-1], len(expected["ends"]))
    last = dataset[len(dataset) - 1]
    assert last["task"] == expected["task"]
    for key, rows in columns(expected).items():
        same(key, last[key].numpy(), rows[-1])
    chunked = LeRobotDataset(
        "apprentice/exported", root=path, delta_timestamps={"action": [0, 1 / dataset.fps, 2 / dataset.fps]}
    )
    same("chunk", chunked[0]["action"].numpy(), expected["action"][:3])
    return f"lerobot {lerobot.__version__}"
