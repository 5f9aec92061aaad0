"""The floor every room stands on: account, clock, ids, journal and its sealer, timers, outbox, vault,
access, geo.

No word of the river here. A *fact* is what happened, in the past tense; the *journal* holds all facts; the
*sealer* numbers and chains them; *readers* go by seal number.
"""
