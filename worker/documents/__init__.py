"""Documents of every kind as pages of PDFium."""
