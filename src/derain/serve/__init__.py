"""``derain serve``: the page and the network behind HTTP, with limits before work."""
