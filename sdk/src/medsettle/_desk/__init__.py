"""What a till does, written once for both tills.

Scripts are generators: they yield what must be done outside (a call, a write, a question to a
person) and are sent its result. ``till`` and ``aio`` drive them, blocking and async.
"""
