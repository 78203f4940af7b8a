"""Decision tables as data: read, checked, decided and explained. The rules advise; people decide."""
