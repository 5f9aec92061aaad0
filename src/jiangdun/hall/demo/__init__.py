"""The demonstration river: a schematic reach, fictional agencies and vessels, two scenes played as device bytes.

Everything here is marked 演示. The geometry is schematic (示意图), not for navigation. Nothing else in the
product knows of this folder but the command line.
"""
