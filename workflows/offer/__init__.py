"""The contract offer: from a client's draft to work that may begin, with a classification decided by people."""

from workflows.offer.process import workflow

__all__ = ["workflow"]
