"""Tests of what makes the weights."""
