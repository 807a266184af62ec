"""Documents of every format as PDFium pages."""
