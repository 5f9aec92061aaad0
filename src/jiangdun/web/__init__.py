"""The face: typed REST for each room, the live wire, sign-in, the built board. Nothing comes from outside."""
