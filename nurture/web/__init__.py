"""The web process: what comes in from outside, and the pages that readers see.

It never opens the database. What comes in is a line of the spool, on disk before anybody is thanked for it; what pages
must know, flows publish. So it answers while a night holds the database, and loses nothing when it is killed.
"""
