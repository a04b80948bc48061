"""Commonwatch: a missile-warning network that several nations run together."""
