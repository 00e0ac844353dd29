"""``python -m derain``."""

from derain.cli.main import main

main()
