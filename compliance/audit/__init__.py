"""The record: every change writes its event in the transaction of the change, or does not happen."""
