"""Studies of this project: from a clone, `python -m research`; not part of the package."""
