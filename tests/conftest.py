"""Puts this folder where its modules can be imported, such as `node_bench`."""
