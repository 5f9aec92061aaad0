"""The face: typed REST for each room, the live wire, sign-in, and the built board. Everything it shows comes from this box."""
