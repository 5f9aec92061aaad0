"""A backup is a folder: `manifest.json` with every file's size and SHA-256, and the files as they lie in the home.

`copying` takes what stands still and what grows; `database` the one thing that is not a file; `sealing` the keys under
a passphrase; `manifest` says what is there and finds what is not as it was. The commands are `hall.backup` and
`hall.restore`.
"""
