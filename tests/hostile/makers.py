"""Every hostile document by name; the docstring of its maker says what it attacks."""

import hostile_contents
import hostile_images
import hostile_structures

MAKERS = hostile_contents.MAKERS | hostile_images.MAKERS | hostile_structures.MAKERS
