"""Tests of derain.evaluation."""
