"""Many small Python sources, valid and invalid: mined from CPython's own tests, generated, mutated, and odd by hand."""
