"""What devices speak: one protocol a file, pure. Bytes in, observations and replies out.

No socket, no clock and no Django here; the hub brings the bytes and the moment they were heard.
A session answers to `feeds.observations.ProtocolSession`. `docs/howto/add-a-protocol.md` says how one joins.
"""
