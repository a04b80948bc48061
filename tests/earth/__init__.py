"""Tests of commonwatch.earth."""
