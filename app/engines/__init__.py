"""Engines as the API knows them: names, options, live workers."""
