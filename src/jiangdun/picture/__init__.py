"""What is where: live tracks and units now, the archive of then, and the zones drawn on the water.

*Track* is everything heard under one identity; *unit* is a boat, car or officer of ours; *zone* is a drawn area with a
kind, a validity and a legal basis.
"""
