"""The ears: protocols that turn bytes into observations, the hub that holds the links, the log of what was
heard.

*Link* is one connection; *session* is one protocol on one link; *observation* is what a device said;
*report* is one position of one track; *chunk* is reports cut together; *device* is a terminal somebody
admitted.
"""
