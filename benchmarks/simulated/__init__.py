"""What PaddleOCR-VL needs, without weights and GPU: a layout model with fixed boxes, a VLM server with fixed answers.

The pipeline between them is the real one.
"""
