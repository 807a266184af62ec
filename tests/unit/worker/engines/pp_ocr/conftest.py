from support.pp_ocr.fixtures import article_path, images, read, scan_path

__all__ = ["article_path", "images", "read", "scan_path"]
