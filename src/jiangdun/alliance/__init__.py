"""Who guards the river together: agencies, and the people who serve in them.

*Agency* (单位) is a member; *membership* ties a person to an agency with roles; *grants* are what
that allows.
"""
