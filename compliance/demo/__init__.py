"""Sample organisations, people and cases, made by firing real actions and marked as sample."""
