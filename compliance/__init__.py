"""Countersign, the compliance desk."""

from compliance.application import create_app

__all__ = ["create_app"]
