"""Pages of every process. They ask the engine and show its answers; no page decides who may."""
