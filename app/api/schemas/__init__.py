"""The HTTP contract as models: what clients send and get.

Handlers answer with encoded bytes and are not slowed down by them. Tests hold real answers to the models.
"""
