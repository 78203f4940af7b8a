"""REST for every process, from the same declarations as its pages."""
