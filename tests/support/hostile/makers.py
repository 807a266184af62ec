"""Every hostile document by name; the docstring of its maker says what it attacks."""

from support.hostile import contents, images, structures

MAKERS = contents.MAKERS | images.MAKERS | structures.MAKERS
