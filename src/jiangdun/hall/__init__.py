"""Where the rooms meet: settings, the command line, the wiring of facts to actions, and the two processes."""
