"""Jiangdun (江盾): the agencies that guard a river, working as one."""

__version__ = "0.1.0"
