"""The HTTP contract as models: requests and responses.

Handlers answer with encoded bytes and are not slowed down by them. Tests hold real answers to the models.
"""
