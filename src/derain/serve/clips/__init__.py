"""Clips over HTTP: jobs that are asked for until they are done, since a clip takes minutes."""
