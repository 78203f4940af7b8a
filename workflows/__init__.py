"""The processes of the programme, one module each, found by discovery."""
