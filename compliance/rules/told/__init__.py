"""Rule sets told in plain words: what their pages show, and by what two versions are compared."""
