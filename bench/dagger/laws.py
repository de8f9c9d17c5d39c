"""The scripted experts of src/experts/classic.ts, on Gymnasium's observations: the same laws, in float64 as there."""

from types import MappingProxyType

import numpy as np

BALANCE = np.array([0.05, 0.1, 1.0, 0.3])


def cart_pole(observation):
    """[..., 4] position, velocity, angle, rate -> [...] 1 to push right, 0 left."""
    return (np.asarray(observation, np.float64) @ BALANCE >= 0).astype(np.int64)


def pendulum(observation):
    """[..., 3] cosine, sine, rate -> [..., 1] torque, N m."""
    cosine, sine, rate = np.moveaxis(np.asarray(observation, np.float64), -1, 0)
    missing = 5 * (1 - cosine) - rate * rate / 6
    swing = 3 * missing * np.where(rate >= 0, 1, -1)
    hold = -(10 * sine + 2.5 * rate)
    return np.clip(np.where(cosine > 0.9, hold, swing), -2, 2)[..., None].astype(np.float32)


LAWS = MappingProxyType({"CartPole-v1": cart_pole, "Pendulum-v1": pendulum})
