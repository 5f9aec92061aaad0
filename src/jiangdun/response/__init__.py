"""From an alert to a closed incident: signed for, assigned, on scene, handled, reviewed by another person.

*Incident* (警情/事件), *assignment* (派遣) of a unit, *disposition* (处置结果), *review* (复核); the *clocks*
1-3-10 all count from T0, the fact that made it an incident.
"""
