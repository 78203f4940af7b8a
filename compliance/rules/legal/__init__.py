"""Legal tests as data: factors that are weighed or prongs that must all be met, with gates before them."""
