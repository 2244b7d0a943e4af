"""Stories: what happens at a register, told in a clerk's sentences, that run.

One language serves two readers: the scenarios of every transaction type, which are tests, and the scenarios
of kind "story", which `tanshu run` plays as durable commands.
"""
