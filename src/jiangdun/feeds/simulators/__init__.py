"""Devices that do not exist: they speak the real protocols to the real sockets, for demo, load and tests."""
