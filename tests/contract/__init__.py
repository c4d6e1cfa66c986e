"""The cases of `test_contract.py`: sources, a tree full of file system oddities, and odd arguments."""
