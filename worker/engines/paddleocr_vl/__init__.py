"""The production engine: the pipeline PaddleOCRVL in the engine host, its VLM behind an OpenAI-style server.

page process          engine host, a thread a page                       VLM servers
pixels of a page ───► layout ─► pictures of blocks ─► client ──────────► text, table, formula …
                      markdown, blocks, raw JSON ◄─── (servers, retries)
"""
