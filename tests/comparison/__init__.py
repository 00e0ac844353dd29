"""Tests of derain.comparison."""
